/** The built `longhand` command as a process. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

export const MAIN = 'dist/src/cli/main.js';
if (!existsSync(MAIN)) throw new Error(`${MAIN} is not there: npm run build makes it`);

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  /** Arguments of node, before the command. */
  readonly node?: readonly string[];
  /** Sent when the first output on stdout has come. */
  readonly signal?: NodeJS.Signals;
}

/** The longest that any run here takes, many times over; what is still there then is hanging. */
const PATIENCE_MS = 8000;

export function longhand(args: readonly string[], { node = [], signal }: Run = {}): Promise<Result> {
  return runProcess(process.execPath, [...node, MAIN, ...args], signal);
}

export function runProcess(command: string, args: readonly string[], signal?: NodeJS.Signals): Promise<Result> {
  return new Promise((resolve, reject) => {
    // detached: the head of a process group, so that nothing it started outlives its time either
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (signal && output.stdout === '') child.kill(signal);
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
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
