/**
 * `npm run bench -- --against REVISION`: Longhand as it is here beside another revision of it, which is built in dist/against. Both take turns, and
 * each turn of one has its neighbour of the other: slow seconds of the computer are in both.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { type Candidate, BASELINE, candidatesFor } from './candidates.js';
import { type Case, UsageError } from './suites.js';
import { Comparison, PAIRED, ProcessPool, QUICK } from './measure/comparison.js';
import type { Engine } from './measure/engine.js';
import { type Finding, statisticsOf } from './measure/rows.js';
import { threadsText } from './program.js';
import { project } from './versions.js';

/** A change counts from this share on, if chance explains it with less than this probability. */
const [LEAST_CHANGE, MOST_CHANCE] = [0.05, 0.05];

const medianOf = (values: readonly number[]): number => statisticsOf(values).median;

/** A revision that was built. */
interface Built {
  /** The first digits of its commit. */
  readonly name: string;
  readonly folder: string;
}

/** Builds a revision, unless it was the last one that this did. Throws a UsageError if git does not know it, or it does not build. */
export function builtRevision(revision: string): Built {
  const found = spawnSync('git', ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`], GIT);
  if (found.status !== 0) throw new UsageError(`--against ${revision}: git knows no commit of this name`);
  const commit = found.stdout.trim();
  const all = path.join(project, 'dist/against');
  const built = { name: commit.slice(0, 9), folder: path.join(all, commit) };
  if (existsSync(childOf(built.folder))) return built;
  rmSync(all, { recursive: true, force: true });
  mkdirSync(built.folder, { recursive: true });
  const files = execFileSync('git', ['archive', commit], { ...GIT, encoding: 'buffer', maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', built.folder], { input: files });
  symlinkSync(path.join(project, 'node_modules'), path.join(built.folder, 'node_modules'));
  console.error(`building ${built.name} in dist/against …`);
  const options = { cwd: built.folder, encoding: 'utf8' } as const;
  const { status, stderr } = spawnSync(process.execPath, ['build/main.mjs', 'wasm', 'exercises', 'modules'], options);
  if (status === 0 && existsSync(childOf(built.folder))) return built;
  rmSync(all, { recursive: true }); // TypeScript writes modules with errors too
  throw new UsageError(`--against ${revision}: ${built.name} does not build here: ${stderr.trim().split('\n').at(-1)}`);
}

const GIT = { cwd: project, encoding: 'utf8' } as const;
const childOf = (folder: string): string => path.join(folder, 'dist/bench/measure/child.js');

/** Measures cases with both revisions, and prints a line for each case and number of threads. */
export async function compareWith(
  { name, folder }: Built,
  cases: readonly Case[],
  threads: readonly number[],
  engine: Engine,
  isQuick: boolean,
): Promise<void> {
  const pool = new ProcessPool(engine);
  pool.usesNewProcesses = true;
  const comparison = new Comparison(pool, isQuick ? QUICK : PAIRED);
  try {
    for (const one of cases) {
      for (const here of candidatesFor([BASELINE], threads, 'node').filter(
        (candidate) => candidate.name === BASELINE,
      )) {
        const there: Candidate = { ...here, name: `${BASELINE}@${name}`, child: childOf(folder) };
        const [own, other] = await comparison.run(one, [here, there]);
        console.log(`${one.name}, ${threadsText(here.threads)}: ${sentenceOf(own, other, name)}`);
      }
    }
  } finally {
    pool.close();
  }
}

/** Says whether a case became quicker or slower since another revision. Findings with a wrong result say so, and make the exit code 1. */
export function sentenceOf(own: Finding, other: Finding, name: string): string {
  if (own.isRight !== true) {
    process.exitCode = 1;
    return own.reason ?? 'no result';
  }
  if (!own.turns || !other.turns) return `not comparable with ${name}: ${other.reason ?? 'too few turns'}`;
  const [ours, theirs] = [own.turns, other.turns];
  const logs = ours.map((time, n) => Math.log(time / theirs[n]));
  const change = Math.exp(medianOf(logs)) - 1;
  const chance = signedRankChance(logs);
  const times = `${medianOf(ours).toPrecision(3)} ms, ${medianOf(theirs).toPrecision(3)} at ${name}`;
  const size = `${(100 * Math.abs(change)).toFixed(1)}%`;
  const counts = Math.abs(change) >= LEAST_CHANGE && chance < MOST_CHANCE;
  const verdict = counts ? (change < 0 ? `QUICKER by ${size}` : `SLOWER by ${size}`) : 'no change';
  const explained = `${change < 0 ? '-' : '+'}${size}, p ${chance.toPrecision(2)} of ${logs.length} pairs of turns`;
  return `${times}: ${verdict} (${explained})`;
}

/**
 * Wilcoxon's signed-rank test, exact and two-sided: how likely differences whose signs are random are as one-sided as these. Ranks are those of the
 * absolute values; of equal ones it does not matter which comes first, because times have many digits.
 */
export function signedRankChance(differences: readonly number[]): number {
  const ranked = [...differences].sort((a, b) => Math.abs(a) - Math.abs(b));
  const most = (ranked.length * (ranked.length + 1)) / 2;
  const sumOfPositive = ranked.reduce((sum, one, n) => sum + (one > 0 ? n + 1 : 0), 0);
  // counts[w]: the number of choices of signs in which the ranks of the positive ones add up to w
  const counts = new Float64Array(most + 1);
  counts[0] = 1;
  for (let rank = 1; rank <= ranked.length; rank++) for (let w = most; w >= rank; w--) counts[w] += counts[w - rank];
  const end = Math.min(sumOfPositive, most - sumOfPositive);
  const oneSided = counts.subarray(0, end + 1).reduce((sum, count) => sum + count, 0) / 2 ** ranked.length;
  return Math.min(1, 2 * oneSided);
}
