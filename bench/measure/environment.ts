/** When, on which computer and by which command rows were measured, and a process's memory. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
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
function revision(): string {
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
