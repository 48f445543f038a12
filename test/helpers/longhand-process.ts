/** The built `longhand` command as a process. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

export const MAIN = 'dist/cli/main.js';
if (!existsSync(MAIN)) throw new Error(`${MAIN} does not exist: npm run build makes it`);

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The lines of a text that ends with a line break. */
export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

/** Where output goes if it is not collected: to a full disk, or into a pipe that its reader has closed. */
export type Sink = 'full' | 'closed';

interface ProcessOptions {
  /** Sent after the first output on stdout. */
  readonly signal?: NodeJS.Signals;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
}

interface Run extends ProcessOptions {
  /** Options of Node. */
  readonly node?: readonly string[];
}

/** Many times the duration of any run here on a busy computer. A process that is still running then is stuck. */
const PATIENCE_MS = 250_000;

export function longhand(args: readonly string[], { node = [], ...options }: Run = {}): Promise<Result> {
  return runProcess(process.execPath, [...node, MAIN, ...args], options);
}

/** Runs a script, in which "$@" is `longhand` with these arguments. */
export const inShell = (shell: 'sh' | 'bash', script: string, args: readonly string[]): Promise<Result> =>
  runProcess(shell, ['-c', script, shell, process.execPath, MAIN, ...args]);

/** A shell's word for this text: it can have spaces. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export function runProcess(
  command: string,
  args: readonly string[],
  { signal, stdout, stderr }: ProcessOptions = {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(command, args, {
      stdio: ['ignore', stdout === 'full' ? full : 'pipe', stderr === 'full' ? full : 'pipe'],
      detached: true, // leads a process group, so that a timeout also ends the processes that it started
    });
    closeSync(full);
    const output = { stdout: '', stderr: '' };
    collect(child.stdout, stdout, (text) => {
      if (signal && output.stdout === '') child.kill(signal);
      output.stdout += text;
    });
    collect(child.stderr, stderr, (text) => (output.stderr += text));
    const timer = setTimeout(() => {
      process.kill(-child.pid!, 'SIGKILL');
      reject(new Error(`still running after ${PATIENCE_MS} ms: ${args.join(' ')}\n${JSON.stringify(output)}`));
    }, PATIENCE_MS);
    child.on('error', reject).on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, ...output });
    });
  });
}

/** A closed pipe is closed before the process has started to write. */
function collect(pipe: Readable | null, sink: Sink | undefined, take: (text: string) => void): void {
  if (sink === 'closed') pipe?.destroy();
  else pipe?.setEncoding('utf8').on('data', take);
}

/* A named pipe by which a test sees that an answer runs, and that its process has ended. */

const HANGS_MS = 60_000;

/** Makes the pipe. `opening`: code that waits for the test. `started` resolves when an answer runs it, and throws if none does. */
export function pipeIn(folder: string) {
  const pipe = path.join(folder, 'pipe');
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
  const opening = `process.getBuiltinModule('fs').openSync(${JSON.stringify(pipe)});`;
  const started = async (): Promise<FileHandle> => {
    let reader: Promise<FileHandle> | undefined; // it ends a wait that nothing else would end
    const limit = setTimeout(() => {
      reader = open(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    }, HANGS_MS);
    const opened = await open(pipe, 'w').finally(() => clearTimeout(limit));
    if (reader === undefined) return opened;
    await Promise.all([opened.close(), reader.then((one) => one.close())]);
    throw new Error(`no answer opened ${pipe} within ${HANGS_MS / 1000} s`);
  };
  return { opening, started };
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
