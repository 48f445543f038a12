/** `--report`: a Markdown document and its charts, all of it from the rows but one part that people write. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BASELINE, labelOf } from '../entrants.js';
import type { Row } from '../rows.js';
import { renderSvg } from './charts.js';
import type { Environment } from './environment.js';
import { peakSentence } from './environment.js';
import { formatted, keptPart, table } from './markdown.js';
import type { Block } from './sections.js';
import { groupBy, sectionOf, times } from './sections.js';

export async function writeReport(file: string, rows: readonly Row[], environment: Environment): Promise<void> {
  const sections = [...groupBy(rows, (row) => row.suite)].flatMap(([suite, ofSuite]) => sectionOf(suite, ofSuite));
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const blocks = [
    '# Benchmarks',
    introduction(environment, rows),
    ...behindBlocks(rows),
    keptPart(before),
    ...sections,
    ...candidatesBlocks(rows),
  ];

  const folder = path.join(path.dirname(file), path.basename(file, '.md'));
  mkdirSync(folder, { recursive: true });
  const text: string[] = [];
  for (const block of blocks) text.push(await written(block, folder));
  writeFileSync(file, await formatted(text.join('\n\n'), file));
}

async function written(block: Block, folder: string): Promise<string> {
  if (typeof block === 'string') return block;
  const name = `${block.name}.svg`;
  try {
    writeFileSync(path.join(folder, name), await renderSvg(block.spec));
  } catch (error) {
    return `(No chart: ${error instanceof Error ? error.message : String(error)})`;
  }
  return `![${block.alt}](${path.basename(folder)}/${name})`;
}

function introduction(environment: Environment, rows: readonly Row[]): string {
  const engine = rows.find((row) => row.engine?.startsWith('Node'))?.engine ?? `Node ${process.versions.node}`;
  const { processor, cores, memoryGiB, system, date, revision, command, peak } = environment;
  return [
    `Written by \`${command}\` on ${date}, at revision ${revision}: ${cores} × ${processor}, ${memoryGiB.toFixed(0)} GiB, ` +
      `${system}, ${engine}.`,
    'Every candidate runs in a process of its own. Its result, or for a training step its loss, every gradient and the ' +
      'parameters after one update, is compared with the f64 reference before anything is timed; who is wrong is not ' +
      'timed. Those that are right take turns, a few hundred milliseconds each, so that a slow minute of the machine ' +
      'hits all of them. Times are medians of all turns after a warm-up; ×2 is a candidate with two threads. ' +
      `"× longhand-wasm" is a time over that of ${BASELINE} with the most threads, in the fastest build that this engine ` +
      'runs: above 1 Longhand is faster. A step counts 2 FLOP for every multiplication and addition of its matrix ' +
      'products, and nothing else.',
    `One thread of this engine reaches ${peakSentence(peak)}: "of peak" is a share of the higher of these, times the ` +
      "candidate's threads. Native libraries may exceed it: they use wider vectors than WebAssembly's 128 bits.",
  ].join('\n\n');
}

/** Where somebody else is faster than longhand-wasm. */
function behindBlocks(rows: readonly Row[]): string[] {
  const cases = [...groupBy(rows, (row) => `${row.suite}: ${row.case}`)].filter(([, ofCase]) =>
    ofCase.some((row) => row.candidate === BASELINE && row.medianMs !== null),
  );
  if (cases.length === 0) return [];
  const lines = cases.flatMap(([name, ofCase]) => {
    const ahead = ofCase
      .filter((row) => !row.candidate.startsWith('longhand') && row.ratioToLonghand !== null && row.ratioToLonghand < 1)
      .sort((a, b) => (a.ratioToLonghand ?? 0) - (b.ratioToLonghand ?? 0));
    const list = ahead.map((row) => `${labelOf(row)} ${times(row.ratioToLonghand ?? 0)}`).join(', ');
    return ahead.length > 0 ? [[name, list]] : [];
  });
  const verdict =
    lines.length === 0
      ? `In each of the ${cases.length} cases longhand-wasm is the fastest.`
      : `In ${cases.length - lines.length} of ${cases.length} cases longhand-wasm is the fastest. In the others these need ` +
        'so many times its time:';
  return ['## Where Longhand is behind', verdict, ...(lines.length === 0 ? [] : [table(['case', 'faster'], lines)])];
}

function candidatesBlocks(rows: readonly Row[]): string[] {
  const present = groupBy(
    rows.filter((row) => row.version !== null),
    labelOf,
  );
  const lines = [...present].map(([label, [row]]) => [
    label,
    row.version ?? '',
    row.engine ?? '',
    row.description ?? '',
  ]);
  const untimed = rows.filter((row) => row.medianMs === null);
  const reasons = [...groupBy(untimed, (row) => `${row.candidate}\n${row.reason ?? ''}`).values()];
  const left = reasons.map((of) => {
    const places = [...new Set(of.map((row) => `${row.suite}: ${row.case}`))];
    const isEverywhere = of[0].version === null && !of[0].reason?.startsWith('too slow');
    return [of[0].candidate, isEverywhere ? 'all' : places.join('; '), of[0].reason ?? ''];
  });
  return [
    '## The candidates',
    table(['candidate', 'version', 'engine', 'what runs'], lines),
    ...(left.length === 0 ? [] : ['## Not timed', table(['candidate', 'case', 'reason'], left)]),
  ];
}
