/** When, on which computer and by which command rows were measured; a process's memory; and the load of the computer. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { project } from '../versions.js';
import type { Engine } from './engine.js';
import type { Peak } from './peak.js';

export interface Environment {
  /** Node or Chromium, with its version. */
  readonly engine: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly date: string;
  readonly revision: string;
  readonly command: string;
  /** The peak of one thread of the engine. */
  readonly peak: Peak;
}

export function environmentOf({ name, peak }: Pick<Engine, 'name' | 'peak'>, args: readonly string[]): Environment {
  return {
    engine: name,
    processor: cpus()[0].model,
    cores: availableParallelism(),
    memoryGiB: totalmem() / 2 ** 30,
    system: `${type()} ${release().split('.', 2).join('.')}, ${arch()}`,
    date: new Date().toISOString().slice(0, 10),
    revision: revision(),
    command: quoted(args),
    peak,
  };
}

/** The command without the names of folders, which are private. */
export function quoted(args: readonly string[]): string {
  const named = args.map((arg) => arg.replace(/(?<=^|=)[^=]*\//, ''));
  return ['npm run bench', ...(named.length > 0 ? ['--', ...named] : [])].join(' ');
}

/** The commit, with a + if tracked files differ from it. */
export function revision(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short', 'HEAD') + (isChanged ? '+' : '');
  } catch {
    return 'unknown (no git)';
  }
}

export function peakSentence({ portable, fused }: Peak): string {
  const plain = `${portable.toFixed(1)} GFLOPS with separate multiplication and addition`;
  return fused === undefined
    ? `${plain} (this engine has no relaxed SIMD)`
    : `${plain}, ${fused.toFixed(1)} GFLOPS with the fused multiply-add of relaxed SIMD`;
}

/**
 * The most resident memory that this process has used, in MiB. On Linux, getrusage (and with it Node) begins with what the
 * parent process has used; VmHWM begins at zero.
 */
export function largestRssMiB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024; // KiB on every system
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

// The load: how many processors other programs keep busy while no candidate computes.

/** Candidates' threads may spin for a moment after their last task, and pages close slowly. */
const SETTLE_MS = 150;
const MEASURE_MS = 250;

/** From 0 to the number of processors. Windows and macOS count this too, but have no load average or another one. */
export async function loadNow(): Promise<number> {
  await sleep(SETTLE_MS);
  const before = processorTimes();
  await sleep(MEASURE_MS);
  const after = processorTimes();
  const all = after.all - before.all;
  return all > 0 ? (cpus().length * (all - (after.idle - before.idle))) / all : 0;
}

/** From this load on, one of the processors that a candidate wants is often not free. */
const HIGH_LOAD = 0.25;

export function loadWarning(load: number, processors = cpus().length): string[] {
  if (load < HIGH_LOAD) return [];
  const busy = `other programs keep ${load.toFixed(2)} of ${processors} processors busy`;
  return [`${busy}: all times are too long, those of several threads most`];
}

/** Runs `work`, and prints the load before and after it. */
export async function withLoad(work: () => Promise<void>): Promise<readonly [before: number, after: number]> {
  const before = await loadNow();
  console.log(`load before: other programs keep ${before.toFixed(2)} of ${cpus().length} processors busy`);
  await work();
  const after = await loadNow();
  console.log(`\nload after: ${after.toFixed(2)}`);
  for (const warning of loadWarning(Math.max(before, after))) console.log(`warning: ${warning}`);
  return [before, after];
}

function processorTimes(): { all: number; idle: number } {
  const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);
  const times = cpus().map((processor) => processor.times);
  return { all: sum(times.flatMap((one) => Object.values(one))), idle: sum(times.map(({ idle }) => idle)) };
}
