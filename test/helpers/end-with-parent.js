/** Imported by a process whose stdin is a pipe: it ends as soon as the process that started it has ended. */
process.stdin.resume().on('close', () => process.exit());
