/** `--report`: a Markdown document and its charts, made from the rows. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../../src/files/disk.js';
import { BASELINE, labelOf } from '../candidates.js';
import { peakSentence } from '../measure/environment.js';
import type { Row } from '../measure/rows.js';
import { SUITES } from '../suites.js';
import { type Block, sectionOf } from './sections.js';
import { formatted, groupBy, isTimed, table, times } from './tables.js';
import { conditionsOf, contestsOf, fastestIn, isBehind, warningsOf } from './verdicts.js';

export async function writeReport(file: string, rows: readonly Row[]): Promise<void> {
  const engines = enginesOf(rows);
  const blocks = [
    '# Benchmarks',
    introduction(engines),
    ...behindBlocks(engines),
    ...engines.flatMap((engine) => engineBlocks(engine, engines.length)),
  ];

  const folder = path.join(path.dirname(file), path.basename(file, '.md'));
  makeFolder(folder);
  const text = blocks.map((block) => written(block, folder)).join('\n\n');
  writeFileSync(file, await formatted(text, file));
}

/** The rows of one engine on one computer, from one run or several. Times are compared within an engine only. */
interface EngineRows {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** Groups rows by engine. If a row was measured again, the later one counts. */
export function enginesOf(rows: readonly Row[]): EngineRows[] {
  const computerOf = ({ run }: Row): string => `${run.cores} × ${run.processor}`;
  const isOneComputer = new Set(rows.map(computerOf)).size === 1;
  const nameOf = (row: Row): string => (isOneComputer ? row.run.engine : `${row.run.engine}, ${computerOf(row)}`);
  return [...groupBy(rows, nameOf)].map(([name, ofOne]) => {
    const measured = groupBy(ofOne, (row) => [row.suite, row.case, row.candidate, row.threads].join('\n'));
    return { name, rows: [...measured.values()].flatMap((ofSame) => ofSame.slice(-1)) };
  });
}

/** A block as Markdown; a chart goes to a file of its own. */
function written(block: Block, folder: string): string {
  if (typeof block === 'string') return block;
  const name = `${block.name}.svg`;
  writeFileSync(path.join(folder, name), block.svg);
  return `![${block.alt}](${path.basename(folder)}/${name})`;
}

function engineBlocks({ name, rows }: EngineRows, engineCount: number): Block[] {
  const suites = SUITES.map((suite) => rows.filter((row) => row.suite === suite.name));
  const sections = suites.flatMap((ofSuite) => (ofSuite.length > 0 ? sectionOf(ofSuite[0].suite, ofSuite) : []));
  const prefix = engineCount === 1 ? '' : `${fileNameOf(name)}-`;
  const isNative = name.startsWith('Node');
  return [
    `## ${name}`,
    `One thread reaches at most ${peakSentence(rows[0].run.peak)}. "of peak" is a candidate's GFLOPS per thread, as a ` +
      'share of the largest of these numbers. ' +
      (isNative
        ? "Native libraries can exceed 100%: they use wider vectors than WebAssembly's 128 bits."
        : 'A page cannot measure its memory, so the column "memory MiB" is empty.'),
    ...sections.map((block) => (typeof block === 'string' ? block : { ...block, name: prefix + block.name })),
    ...candidatesBlocks(rows),
    ...doubtBlocks(rows),
  ];
}

/** `node-20` for Node 20.20.2, followed by the computer if there are several. */
function fileNameOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/(\d+)\.[\d.]+/, '$1')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/-$/, '');
}

function introduction(engines: readonly EngineRows[]): string {
  const runs = engines.flatMap(({ rows }) => [...groupBy(rows, (row) => JSON.stringify(row.run)).values()]);
  const written = runs.map(([{ run }]) => {
    const { engine, command, date, revision, processor, cores, memoryGiB, system } = run;
    const computer = `${cores} × ${processor}, ${memoryGiB.toFixed(0)} GiB, ${system}`;
    return `- ${engine}: \`${command}\` on ${date}, at revision ${revision}; ${computer}`;
  });
  return [
    'These commands measured the numbers in this document:',
    written.join('\n'),
    'Each candidate runs in a separate process; in Chromium, in the Web Worker of a separate page. Its result is compared ' +
      'with the f64 reference before anything is timed. For a training step, the result is the loss, every gradient and ' +
      'the parameters after one update. A candidate with a wrong result is not timed. The others take turns of a few ' +
      'hundred milliseconds. So if the computer is slow for a minute, all of them are. Times are medians of all turns, ' +
      'after a warm-up; ×2 is a candidate with two threads. ' +
      `"× longhand-wasm" is a time divided by that of ${BASELINE} on the same engine. For this, ${BASELINE} has the most ` +
      'threads, and the fastest build that the engine runs. Above 1, Longhand is faster. A step counts one FLOP for each ' +
      'multiplication and for each addition in its matrix products. On Node 20, Longhand turns relaxed SIMD on in its own ' +
      "process, as its command line does; the other candidates run with Node's default flags.",
  ].join('\n\n');
}

/** In how many cases longhand-wasm is the fastest, and the others, at each number of threads. */
function behindBlocks(engines: readonly EngineRows[]): string[] {
  const verdicts = engines.flatMap(({ name, rows }) => verdictOf(name, rows));
  return verdicts.length === 0 ? [] : ['## Where Longhand is behind', ...verdicts];
}

function verdictOf(engine: string, rows: readonly Row[]): string[] {
  const contests = contestsOf(rows);
  const fastest = fastestIn(contests);
  if (fastest === undefined) return [];
  const lines = contests.filter(isBehind).map(({ name, threads, ours, rivals }) => {
    const ahead = rivals.filter(({ medianMs }) => medianMs < ours.medianMs);
    const list = ahead.map(({ candidate, medianMs }) => `${candidate} ${times(medianMs / ours.medianMs)}`).join(', ');
    return [name, String(threads), list];
  });
  const verdict = `On ${engine}, ${BASELINE} is the ${fastest}, compared with rivals on as many threads.`;
  if (lines.length === 0) return [verdict];
  return [
    `${verdict} Elsewhere these are faster; ×0.5 means half Longhand's time:`,
    table(['case', 'threads', 'faster'], lines),
  ];
}

/** The numbers of samples, the load of the computer, and the times that they make doubtful. */
function doubtBlocks(rows: readonly Row[]): string[] {
  const timed = rows.filter(isTimed);
  if (timed.length === 0) return [];
  const warnings = [...groupBy(rows, (row) => `${row.suite}: ${row.case}`)].flatMap(([name, ofCase]) =>
    warningsOf(ofCase).map((warning) => `- ${name}: ${warning}`),
  );
  const list = warnings.length === 0 ? [] : ['These times are doubtful:', warnings.join('\n')];
  const load = 'The load is the number of processors that other programs kept busy while no candidate computed.';
  return ['### How reliable the times are', `In this section: ${conditionsOf(timed)}. ${load}`, ...list];
}

function candidatesBlocks(rows: readonly Row[]): string[] {
  const versioned = rows.filter((row) => row.version !== null);
  const lines = [...groupBy(versioned, labelOf)].map(([label, [{ version, engine, description }]]) =>
    [label, version, engine, description].map((cell) => cell ?? ''),
  );
  const untimed = rows.filter((row) => row.medianMs === null);
  const reasons = [...groupBy(untimed, (row) => `${row.candidate}\n${row.reason ?? ''}`).values()];
  const left = reasons.map((of) => {
    const places = [...new Set(of.map((row) => `${row.suite}: ${row.case}`))];
    const isEverywhere = of[0].version === null && !of[0].reason?.startsWith('too slow');
    return [of[0].candidate, isEverywhere ? 'all' : places.join('; '), of[0].reason ?? ''];
  });
  return [
    '### The candidates',
    table(['candidate', 'version', 'engine', 'what runs'], lines),
    ...(left.length === 0 ? [] : ['### Not timed', table(['candidate', 'case', 'reason'], left)]),
  ];
}
