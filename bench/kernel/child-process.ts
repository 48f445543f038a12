/** The process with the reader's kernel, from the terminal's side. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Asked, RunError, tooLong } from './drive.js';
import type { Answers, Ask, Refused } from './session.js';

const CHILD = fileURLToPath(new URL('child.js', import.meta.url));

/** Started when it is first asked, and again after it had to be ended. */
export class KernelProcess implements Asked {
  private child: ChildProcess | undefined;

  ask(ask: Ask, limitMs: number): Promise<Answers[keyof Answers] | Refused> {
    const child = (this.child ??= fork(CHILD, { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] }));
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        end();
      };
      const fail = (message: string): void =>
        settle(() => {
          this.close();
          reject(new RunError(message));
        });
      const timer = setTimeout(() => fail(tooLong(ask, limitMs)), limitMs);
      child.once('message', (answer) => settle(() => resolve(answer as Answers[keyof Answers] | Refused)));
      child.once('error', (error) => fail(`the kernel’s process does not start: ${error.message}`));
      child.once('close', (code, signal) =>
        fail(`the kernel ended its process (${signal ?? `exit code ${code ?? '?'}`}): the driver crashed while it ran`),
      );
      child.send(ask);
    });
  }

  /** No message stops an endless loop, which a driver on the processor computes in this process. */
  close(): void {
    this.child?.removeAllListeners();
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}
