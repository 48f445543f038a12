/** What the processes that run answers share: the realm of the answers, the report to the command, and the end of the process. */
import { Console } from 'node:console';
import { readFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Writable } from 'node:stream';
import vm from 'node:vm';
import { ANSWER_FILE } from '../../exercises/answer-error.js';
import type { Compile } from '../../exercises/evaluate.js';
import type { WithSeal } from './child-process.js';

const REPORT = 3;

/** Taken before an answer runs, which can replace both. */
const [write, bytesOf] = [writeSync, Buffer.from.bind(Buffer) as (text: string | Buffer) => Buffer];

/** Standard output, written at once. */
const printed = new Writable({
  write(text: Buffer, _, done) {
    writeAll(1, text);
    done();
  },
});

/**
 * A realm with Node's globals, in which the answer runs: what it changes in `Math` or in `Array.prototype` does not change the
 * program that checks it.
 */
function newRealm(): vm.Context {
  const realm = vm.createContext();
  const inside = vm.runInContext('globalThis', realm) as Record<string, unknown>;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(globalThis))) {
    if (name in inside) continue;
    const own = { enumerable: descriptor.enumerable === true, configurable: true };
    const here = (): unknown => (globalThis as unknown as Record<string, unknown>)[name];
    const set = (value: unknown): unknown => Object.defineProperty(inside, name, { value, writable: true, ...own });
    // such as Buffer: its getter works here only, and its setter would set the variable here
    if ('get' in descriptor) Object.defineProperty(inside, name, { get: here, set, ...own });
    else set(here());
  }
  inside.global = inside;
  inside.console = new Console({ stdout: printed, colorMode: false });
  shareInstances(inside);
  return realm;
}

/** The classes of what an answer receives, including what it can catch. */
const CLASSES = { Array, Error, Float32Array, Float64Array, Function, Object, RangeError, TypeError } as const;

/** An array that was made here is then an `instanceof Array` there too. */
function shareInstances(inside: Record<string, unknown>): void {
  const isInstance = Function.prototype[Symbol.hasInstance];
  for (const [name, outer] of Object.entries(CLASSES)) {
    const inner = inside[name] as typeof outer;
    Object.defineProperty(inner, Symbol.hasInstance, {
      value(this: unknown, value: unknown) {
        return isInstance.call(this, value) || (this === inner && value instanceof outer); // not for a class that extends it
      },
    });
  }
}

/** Makes functions of answers in a new realm. All that one result makes share their realm. */
export function compileInRealm(): Compile {
  const realm = newRealm();
  return (text) =>
    vm.compileFunction(text, ['exports', 'require'], {
      parsingContext: realm,
      filename: ANSWER_FILE,
    }) as ReturnType<Compile>;
}

/**
 * The process that started this one ends it much earlier. If that process was killed, this one ends itself. The limit is long,
 * because it also counts the time for which Ctrl-Z stops both processes.
 */
const LONGEST_MS = 600_000;

const timed = { script: new vm.Script('call()', { filename: 'longhand' }), context: vm.createContext() };
let isTimed = false;

/** The result of `call`, which calls an answer. Throws an Error after `milliseconds`; a call in it has no limit of its own. */
export function withinTime<Result>(call: () => Result, milliseconds = LONGEST_MS): Result {
  if (isTimed) return call();
  isTimed = true;
  timed.context.call = call;
  try {
    return timed.script.runInContext(timed.context, { timeout: milliseconds }) as Result; // only vm has a time limit
  } finally {
    isTimed = false;
  }
}

/** The job that the command has written to standard input, and a function that writes a line to what the command reads: an answer may have begun one. */
export function readJob(): { job: unknown; reportLine: (line: string) => void } {
  const job = JSON.parse(readFileSync(0, 'utf8')) as WithSeal;
  const { seal } = job;
  return { job, reportLine: (line) => writeAll(REPORT, `\n${seal}${line}\n`) };
}

/** Does not return before all is written: then the process can end. */
function writeAll(descriptor: number, text: string | Buffer): void {
  const bytes = bytesOf(text);
  for (let position = 0; position < bytes.length;) position += write(descriptor, bytes, position);
}

/**
 * At once: without what the answer has asked for at the exit, and without its timers and promises. `process.kill` calls
 * `_kill` with the signal's number, and an answer can replace both.
 */
const { _kill: kill } = process as unknown as { _kill: (pid: number, signal: number) => void };
export const endProcess = kill.bind(process, process.pid, constants.signals.SIGKILL);
