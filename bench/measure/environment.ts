/** Where and when the numbers were made. */
import { execFileSync } from 'node:child_process';
import { arch, availableParallelism, cpus, release, totalmem, type } from 'node:os';
import type { Engine } from './engine.js';
import type { Peak } from './peak.js';
import { project } from '../versions.js';

export interface Environment {
  /** That runs the candidates: Node or Chromium, with its version. */
  readonly engine: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly date: string;
  readonly revision: string;
  readonly command: string;
  /** Of one thread of the engine. */
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

/** Files by their last name: folders of this machine are nobody's business. */
export function quoted(args: readonly string[]): string {
  const named = args.map((arg) => arg.replace(/(?<=^|=)[^=]*\//, ''));
  return ['npm run bench', ...(named.length > 0 ? ['--', ...named] : [])].join(' ');
}

/** With a + where the tree differs from it. */
function revision(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    );
  } catch {
    return 'unknown (no git)';
  }
}

export function peakSentence({ portable, fused }: Peak): string {
  const plain = `${portable.toFixed(1)} GFLOPS with multiplication and addition apart`;
  return fused === undefined
    ? `${plain} (this engine has no relaxed SIMD)`
    : `${plain}, ${fused.toFixed(1)} GFLOPS with relaxed SIMD's fused multiply-add`;
}
