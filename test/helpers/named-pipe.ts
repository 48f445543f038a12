/** A named pipe by which a test sees that an answer runs, and that its process has ended. */
import { spawnSync } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';

/** Makes the pipe. `opening`: code that waits for the test. `started` resolves when an answer runs it. */
export function pipeIn(folder: string) {
  const pipe = path.join(folder, 'pipe');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  const opening = `process.getBuiltinModule('fs').openSync(${JSON.stringify(pipe)});`;
  return { opening, started: () => open(pipe, 'w') };
}

/** Resolves when the process that reads `pipe` has ended. */
export async function ended(pipe: FileHandle): Promise<void> {
  for (;;) {
    const { code } = await pipe.write('x').then(
      () => ({ code: undefined }),
      (error: unknown) => error as NodeJS.ErrnoException,
    );
    if (code === 'EPIPE') return pipe.close();
    await setImmediate();
  }
}
