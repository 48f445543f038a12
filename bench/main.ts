/** `npm run bench`: compares Longhand with its rivals. Each candidate is checked against the f64 reference, then timed. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { chromiumEngine } from './browser/engine.js';
import { builtRevision, compareWith } from './against.js';
import { type Candidate, BASELINE, candidateNames, candidatesFor } from './candidates.js';
import { runCommand } from './command.js';
import { Comparison, FULL, ProcessPool, QUICK } from './measure/comparison.js';
import { type Environment, environmentOf, loadNow, peakSentence } from './measure/environment.js';
import { nodeEngine } from './measure/engine.js';
import { type Row, rowsOf } from './measure/rows.js';
import { kernelCommand } from './kernel/command.js';
import { messageOf } from './program.js';
import { installRivals, usesRival } from './programs/rivals.js';
import { crossoversOf, sentenceOf, contestsOf, fastestIn, mistakesIn, warningsOf } from './report/verdicts.js';
import { headLine, LEGEND, tableLine } from './report/tables.js';
import { type Suite, casesOf, scaling, SUITES, UsageError } from './suites.js';
import type { Kind } from './tasks.js';
import { project } from './versions.js';

interface Options {
  readonly backends: readonly string[];
  readonly sizes: readonly string[];
  readonly threads?: readonly number[];
  readonly node: string;
  readonly vectors?: string;
  readonly browser?: boolean;
  readonly against?: string;
  readonly program?: string;
  readonly from?: readonly string[];
  readonly quick?: boolean;
  readonly json?: string;
  readonly report?: string;
  readonly summary?: string;
  readonly visitors?: string;
}

const list = (text: string): string[] => text.split(',').filter((entry) => entry !== '');

function threadCounts(text: string): number[] {
  const counts = list(text).map(Number);
  if (counts.length > 0 && counts.every((count) => Number.isInteger(count) && count >= 1)) return counts;
  throw new InvalidArgumentError('Write whole numbers ≥ 1, as in 1,2.');
}

function candidateNamesIn(text: string): string[] {
  const names = candidateNames();
  const wanted = list(text);
  const unknown = wanted.find((one) => !names.some((name) => name === one || name.startsWith(`${one}-`)));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`${unknown} is not a candidate. The candidates are ${names.join(', ')}.`);
  return wanted;
}

async function bench(names: readonly string[], options: Options): Promise<void> {
  if (options.visitors !== undefined) {
    const { writeVisitors } = await import('./report/visitors.js');
    return writeVisitors(options.visitors, path.join(project, 'bench', 'results'));
  }
  if (options.from) return reportFrom(options.from, names, options);
  const suites = suitesOf(names, options);
  if (options.against !== undefined) return compareRevisions(options.against, suites, options);
  const kindsOf = (suite: Suite): Kind[] =>
    casesOf(suite, options.quick ?? false, options.sizes).map(({ task }) => task.kind);
  const kinds = suites.map(kindsOf); // checks --sizes
  const wanted = candidatesFor(options.backends, [1], options.browser ? 'page' : 'node');
  if (wanted.some(usesRival)) await installRivals((line) => console.error(line));
  if (options.json !== undefined) writeFileSync(options.json, '');
  const engine = await (options.browser ? chromiumEngine() : nodeEngine(options.node, options.vectors));
  const pool = new ProcessPool(engine);
  const rows: Row[] = [];
  try {
    const run = environmentOf(engine, process.argv.slice(2));
    console.log(`${run.cores} × ${run.processor}, ${run.engine}; one thread reaches at most ${peakSentence(run.peak)}`);
    const comparison = new Comparison(pool, options.quick ? QUICK : FULL);
    const own = options.program === undefined ? [] : [ownCandidate(options.program)];
    const candidates = [...own, ...candidatesFor(options.backends, options.threads ?? threadSweep(), engine.kind)];
    for (const [n, suite] of suites.entries()) {
      pool.usesNewProcesses = suite.usesNewProcesses && !options.quick;
      const later = new Set(kinds.slice(n).flat());
      pool.close((candidate) => !pool.usesNewProcesses && candidate.kinds.some((kind) => later.has(kind)));
      rows.push(...(await runSuite(suite, comparison, candidates, options, run)));
    }
  } finally {
    pool.close();
    await engine.close();
  }
  printVerdicts(rows);
  await write(rows, options.report);
}

/** Longhand alone, as it is here and as it was. */
async function compareRevisions(revision: string, suites: readonly Suite[], options: Options): Promise<void> {
  const { quick: isQuick = false, sizes, threads = [...new Set([1, availableParallelism()])] } = options;
  const cases = suites.flatMap((suite) => casesOf(suite, isQuick, sizes));
  const built = builtRevision(revision);
  const engine = await nodeEngine(options.node, options.vectors);
  console.log(`load ${(await loadNow()).toFixed(2)} before`);
  await compareWith(built, cases, threads, engine, isQuick);
}

/** The reader's module of `--program`: `mine.mjs` is `own-mine`. */
const ownCandidate = (file: string): Candidate => ({
  name: `own-${path.parse(file).name}`,
  threads: 1,
  kinds: ['matmul'],
  program: 'own',
  mode: path.resolve(file),
});

/** What is wrong goes to stderr, and makes the exit code 1. */
function printVerdicts(rows: readonly Row[]): void {
  const fastest = fastestIn(contestsOf(rows));
  if (fastest !== undefined) console.log(`\n${BASELINE} is the ${fastest}, compared with rivals on as many threads`);
  const mistakes = mistakesIn(rows);
  if (mistakes.length === 0) return;
  console.error([`\n${mistakes.length} wrong:`, ...mistakes.map((mistake) => `  ${mistake}`)].join('\n'));
  process.exitCode = 1;
}

/** Writes the report from rows that earlier runs have written. */
async function reportFrom(
  files: readonly string[],
  names: readonly string[],
  { report, summary, json }: Options,
): Promise<void> {
  if (report === undefined && summary === undefined)
    throw new UsageError('--from needs --report FILE or --summary FILE: it measures nothing');
  if (names.length > 0 || json !== undefined)
    throw new UsageError('--from uses all rows and writes only documents: leave out suites and --json');
  const rows = files.flatMap(rowsIn);
  if (rows.length === 0) throw new UsageError(`no rows in ${files.join(', ')}`);
  await write(rows, report, summary);
}

/** Writes the documents that are asked for. What draws their charts takes longer to load than all the rest, so it is loaded here. */
async function write(rows: readonly Row[], report?: string, summary?: string): Promise<void> {
  if (report !== undefined) await (await import('./report/report.js')).writeReport(report, rows);
  if (summary !== undefined) await (await import('./report/summary.js')).writeSummary(summary, rows);
}

function rowsIn(file: string): Row[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Row);
  } catch (error) {
    throw new UsageError(`--from ${file}: ${messageOf(error)}`);
  }
}

function suitesOf(names: readonly string[], { sizes, program }: Options): Suite[] {
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name));
  const known = SUITES.map(({ name }) => name).join(', ');
  if (unknown !== undefined) throw new UsageError(`${unknown}: the suites are ${known}`);
  if (sizes.length > 0 && names.length !== 1)
    throw new UsageError('--sizes needs one suite: each suite has its own form of sizes');
  if (program !== undefined && (names.length === 0 || names.some((name) => name !== 'matmul')))
    throw new UsageError('--program computes products: write npm run bench -- matmul --program FILE');
  if (program !== undefined && !existsSync(program))
    throw new UsageError(`--program ${program}: there is no such file`);
  return SUITES.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** 1, 2, 4 … and the number of cores. */
function threadSweep(): number[] {
  const cores = availableParallelism();
  const powers = Array.from({ length: Math.ceil(Math.log2(cores)) }, (_, n) => 2 ** n);
  return [...new Set([1, ...powers, cores])];
}

const isUsual = (threads: number): boolean => threads === 1 || threads === availableParallelism();

/** The reasons that the terminal has shown: each is shown once, since it holds for every case. */
const shown = new Set<string>();
const absence = ({ candidate, threads, reason }: Row): string => `${candidate} ${threads} ${reason ?? ''}`;

async function runSuite(
  suite: Suite,
  comparison: Comparison,
  candidates: readonly Candidate[],
  { quick: isQuick = false, sizes, json, threads }: Options,
  run: Environment,
): Promise<Row[]> {
  console.log(`\n${suite.title} (${suite.name})`);
  const all: Row[] = [];
  let load = await loadNow();
  for (const one of casesOf(suite, isQuick, sizes)) {
    const chosen = candidates.filter(
      (candidate) => threads !== undefined || one.comparesThreads === true || isUsual(candidate.threads),
    );
    const loadBefore = load;
    const findings = await comparison.run(one, chosen);
    const loads = { loadBefore, loadAfter: (load = await loadNow()) };
    const rows = rowsOf(suite, one.name, one.task, findings, run, loads);
    const news = rows.filter((row) => row.medianMs !== null || !shown.has(absence(row)));
    for (const row of rows) shown.add(absence(row));
    const head = `\n${one.name}; load ${loads.loadBefore.toFixed(2)} before, ${loads.loadAfter.toFixed(2)} after`;
    const warnings = warningsOf(rows).map((warning) => `  warning: ${warning}`);
    console.log([head, headLine(), ...news.map(tableLine), ...warnings].join('\n'));
    if (json !== undefined) appendFileSync(json, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    all.push(...rows);
  }
  if (suite === scaling) console.log(['', ...crossoversOf(all).map(sentenceOf)].join('\n'));
  return all;
}

const command = new Command('npm run bench --')
  .description('Compare Longhand with its rivals. Each candidate is checked against the f64 reference, then timed.')
  .argument('[suites...]', SUITES.map(({ name }) => name).join(', '))
  .addOption(
    new Option('--backends <names>', 'measure only these candidates; longhand-gpu means every longhand-gpu-…')
      .argParser(candidateNamesIn)
      .default([], 'all'),
  )
  .addOption(
    new Option(
      '--sizes <sizes>',
      'sizes for one suite: N or MxKxN (matmul), BxH (gates), TxBxIxHxC (forward, step), T7,H64 (scaling), LxHxTxB (text)',
    )
      .argParser(list)
      .default([], 'those of the suite'),
  )
  .option(
    '--threads <counts>',
    'numbers of threads (default: 1 and all cores; scaling also measures 2, 4 …)',
    threadCounts,
  )
  .option('--node <path>', 'the Node that runs the candidates', process.execPath)
  .addOption(new Option('--vectors <bits>', '128 measures Longhand without 256-bit vectors').choices(['128']))
  .addOption(
    new Option('--browser', 'run the candidates in pages of Chrome or Chromium').conflicts(['node', 'vectors']),
  )
  .addOption(
    new Option(
      '--against <revision>',
      'compare Longhand only with another revision of itself, which is built',
    ).conflicts(['browser', 'backends', 'from', 'json', 'report', 'summary']),
  )
  .addOption(
    new Option(
      '--program <file>',
      'measure a module of your own too, in the suite matmul: it exports prepare, run and read, as CONTRIBUTING.md shows',
    ).conflicts(['browser', 'against', 'from']),
  )
  .option('--quick', 'measure few small cases with few samples')
  .option('--json <file>', 'write each row as one line of JSON')
  .option('--report <file>', 'write the tables as Markdown, and the charts in a folder beside it')
  .addOption(new Option('--summary <file>', 'fill the marked parts of a short document, with --from'))
  .option('--from <files...>', 'measure nothing: write documents from rows that earlier runs wrote with --json')
  .addOption(
    new Option(
      '--visitors <file>',
      'measure nothing: fill the table of visitors’ results, from bench/results',
    ).conflicts('from'),
  )
  .addHelpText('after', `\n${LEGEND}`)
  .enablePositionalOptions() // kernel has options of the same names
  .action(bench)
  .addCommand(kernelCommand(candidateNamesIn));

await runCommand(command, 'bench');
