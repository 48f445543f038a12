/** The process with the reader's kernel, and processes with other libraries' products, from the terminal's side. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Candidate } from '../candidates.js';
import type { Engine } from '../measure/engine.js';
import { expectedOf, verify } from '../measure/expected.js';
import { decode, encode, type Started } from '../measure/protocol.js';
import { statisticsOf } from '../measure/rows.js';
import { messageOf } from '../program.js';
import type { Size } from '../steps/product-steps.js';
import { type MatmulTask, makeInputs } from '../tasks.js';
import { type Asked, type Rival, productOf, RunError } from './drive.js';
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

export function tooLong(ask: Ask, limitMs: number): string {
  const what =
    ask.ask === 'check'
      ? `The kernel did not end within ${limitMs / 1000} seconds at ${productOf(ask.size)}`
      : `The step "${ask.ask}" did not end within ${limitMs / 1000} seconds`;
  return `${what}, so its process was ended. Is there an endless loop, or a barrier that some threads do not reach?`;
}

/** How long a candidate is warmed up, and computes in each turn. */
const [WARM_UP_MS, TURN_MS] = [100, 60];

/** A candidate of bench/candidates.ts, in the process that `npm run bench` would measure. */
export class RivalProcess implements Rival {
  readonly name: string;
  private started: Started | undefined;

  constructor(
    private readonly engine: Pick<Engine, 'start'>,
    private readonly candidate: Candidate,
  ) {
    this.name = candidate.name;
  }

  async prepare([M, K, N]: Size): Promise<string | undefined> {
    const task: MatmulTask = { kind: 'matmul', form: 'A·B', M, K, N };
    try {
      this.started ??= await this.engine.start(this.candidate);
      const inputs = makeInputs(task);
      const { process } = this.started;
      const { outputs } = await process.ask({ ask: 'prepare', task, inputs: encode(inputs) });
      const { isRight, message } = verify(decode(outputs), await expectedOf(task, inputs));
      if (!isRight) return `wrong: ${message}`;
      await process.ask({ ask: 'warmUp', ms: WARM_UP_MS });
      return undefined;
    } catch (error) {
      this.close();
      return messageOf(error);
    }
  }

  async turn(): Promise<number> {
    if (!this.started) throw new Error(`${this.name} has not started`);
    const { times } = await this.started.process.ask({ ask: 'turn', ms: TURN_MS });
    return statisticsOf(times).median;
  }

  close(): void {
    this.started?.process.close();
    this.started = undefined;
  }
}
