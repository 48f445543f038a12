/** The `longhand` command in the test's own process; longhand-process.ts starts the built command as a process of its own. */
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { run } from '../../src/cli/run.js';
import type { Result } from './longhand-process.js';

interface Options {
  /** Sent after the first output on stdout. */
  readonly signal?: NodeJS.Signals;
  /** The folder in which relative paths begin. */
  readonly cwd?: string;
  /** Whether standard error is a terminal. */
  readonly onTerminal?: boolean;
}

/** Runs that overlap do not meet. */
export async function longhand(args: readonly string[], options: Options = {}): Promise<Result> {
  const { code, stdout, stderr } = start(args, options);
  return { code: await code, stdout: stdout.text(), stderr: stderr.text() };
}

/** A run that the test observes, and interrupts with `signals.emit`. */
export function start(args: readonly string[], { signal, cwd, onTerminal = false }: Options = {}) {
  const signals = new EventEmitter();
  const [stdout, stderr] = [new Collector(), new Collector(onTerminal)];
  if (signal) stdout.once('text', () => signals.emit(signal, signal));
  const code = run(args, { stdout, stderr, signals, ...(cwd !== undefined && { cwd }) });
  return { code, stdout, stderr, signals };
}

/** Emits `text` after each write. */
class Collector extends Writable {
  private readonly parts: Buffer[] = [];

  constructor(readonly isTTY = false) {
    super();
  }

  override _write(part: Buffer, _encoding: string, done: () => void): void {
    this.parts.push(part);
    done();
    this.emit('text');
  }

  text(): string {
    return Buffer.concat(this.parts).toString();
  }
}
