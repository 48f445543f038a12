/** The `longhand` command in the test's own process; longhand-process.ts starts the built command as a process of its own. */
import { EventEmitter } from 'node:events';
import { Writable } from 'node:stream';
import { run } from '../../src/cli/commands.js';
import { type Result, type Sink, linesOf } from './longhand-process.js';

interface Options {
  /** Sent after the first output on stdout. */
  readonly signal?: NodeJS.Signals;
  /** The folder in which relative paths begin. */
  readonly cwd?: string;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  /** Whether standard error is a terminal. */
  readonly onTerminal?: boolean;
  /** Whether standard output is a terminal. */
  readonly printsOnTerminal?: boolean;
}

/** Runs that overlap do not meet. */
export async function longhand(args: readonly string[], options: Options = {}): Promise<Result> {
  const { code, stdout, stderr } = start(args, options);
  return { code: await code, stdout: stdout.text, stderr: stderr.text };
}

/** A run that succeeds without messages. */
export async function done(args: readonly string[]): Promise<Result> {
  const result = await longhand(args);
  expect([args, result.code, result.stderr]).toEqual([args, 0, '']);
  return result;
}

/** What a command with `--json` has printed. */
export const jsonOf = ({ stdout }: Result): unknown => JSON.parse(stdout);

/** What a command with `--json` has printed line by line. */
export const jsonLinesOf = ({ stdout }: Result): unknown[] =>
  linesOf(stdout).map((line) => JSON.parse(line) as unknown);

/** What a run that fails has written on standard error; it has printed nothing on standard output. */
export async function failed(args: readonly string[], exitCode = 1): Promise<string> {
  const { code, stdout, stderr } = await longhand(args);
  expect([code, stdout]).toEqual([exitCode, '']);
  return stderr;
}

/** The one line with which a run fails. */
export async function refused(args: readonly string[]): Promise<string> {
  const stderr = await failed(args);
  expect(stderr).toMatch(/^longhand: [^\n]*\n$/);
  return stderr;
}

/** The one line with which wrong usage ends. */
export async function misused(args: readonly string[]): Promise<string> {
  const stderr = await failed(args, 2);
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  return stderr;
}

/** The words of a command line. A value is a part of one word, whatever it holds, and a list is several words. */
export function words(
  text: TemplateStringsArray,
  ...values: readonly (string | number | readonly string[])[]
): string[] {
  const all = [''];
  text.forEach((part, n) => {
    const [first, ...others] = part.split(/\s+/);
    all[all.length - 1] += first;
    all.push(...others);
    const value = values.at(n) ?? '';
    if (typeof value === 'object') all.push(...value, '');
    else all[all.length - 1] += String(value);
  });
  return all.filter((word) => word !== '');
}

/** A run that the test observes and interrupts. `begun` resolves when it listens to signals. */
export function start(args: readonly string[], options: Options = {}) {
  const { signal, cwd, onTerminal = false, printsOnTerminal = false, ...sinks } = options;
  const signals = new EventEmitter();
  const interrupt = (name: NodeJS.Signals): void => {
    if (!signals.emit(name, name)) throw new Error(`${name} would have ended the process: nothing listens to it`);
  };
  const [stdout, stderr] = [new Collector(sinks.stdout, printsOnTerminal), new Collector(sinks.stderr, onTerminal)];
  const begun = new Promise<void>((resolve) => {
    signals.on('newListener', () => resolve());
  });
  if (signal) stdout.once('text', () => interrupt(signal));
  const code = run(args, { stdout, stderr, signals, ...(cwd !== undefined && { cwd }) });
  return { code, stdout, stderr, interrupt, begun };
}

const FAULTS = { full: 'ENOSPC', closed: 'EPIPE' } satisfies Record<Sink, string>;

/** Emits `text` after each write. */
class Collector extends Writable {
  private readonly parts: Buffer[] = [];

  constructor(
    private readonly sink: Sink | undefined,
    readonly isTTY: boolean,
  ) {
    super();
  }

  override _write(part: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.sink) {
      const code = FAULTS[this.sink];
      done(Object.assign(new Error(`${code}: write`), { code }));
    } else {
      this.parts.push(part);
      done();
      this.emit('text');
    }
  }

  get text(): string {
    return Buffer.concat(this.parts).toString();
  }

  /** Resolves when `text` has been written. */
  async has(text: string): Promise<void> {
    while (!this.text.includes(text)) await new Promise((resolve) => this.once('text', resolve));
  }
}
