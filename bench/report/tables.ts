/** Rows as lines for the terminal, and as tables in Markdown. */
import { readFileSync, writeFileSync } from 'node:fs';
import { BASELINE, labelOf } from '../candidates.js';
import type { Row } from '../measure/rows.js';
import { UsageError } from '../suites.js';

const COLUMNS = [
  ['median ms', 11],
  ['quartiles', 17],
  ['min', 9],
  ['samples', 9],
  ['GFLOPS', 8],
  ['of peak', 8],
  ['ratio', 8],
  ['MiB', 6],
] as const;
const NAME = 28;

export function headLine(): string {
  return `  ${''.padEnd(NAME)}${COLUMNS.map(([title, width]) => title.padStart(width)).join('')}`;
}

export function tableLine(row: Row): string {
  const name = `  ${labelOf(row).padEnd(NAME)}`;
  if (row.medianMs === null) return `${name} ${row.reason ?? 'no time'}`;
  const cells = [
    milliseconds(row.medianMs),
    `${milliseconds(row.lowerQuartileMs)}–${milliseconds(row.upperQuartileMs)}`,
    milliseconds(row.minMs),
    String(row.samples),
    row.gflops?.toFixed(2) ?? '',
    row.shareOfPeak === null ? '' : `${(100 * row.shareOfPeak).toFixed(0)}%`,
    row.ratioToLonghand === null ? '' : times(row.ratioToLonghand),
    row.peakRssMiB?.toFixed(0) ?? '',
  ];
  return name + cells.map((cell, n) => cell.padStart(COLUMNS[n][1])).join('');
}

export type Timed = Row & { readonly medianMs: number };

export const isTimed = (row: Row): row is Timed => row.medianMs !== null;

/** Three significant digits. */
export function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function milliseconds(value: number | null): string {
  return value === null ? '' : significant(value);
}

export const times = (ratio: number): string => `×${significant(ratio)}`;

export const LEGEND =
  `load: how many processors other programs kept busy; samples: how many times the median is of; ratio: the median time divided by that of ${BASELINE} with the most threads; ` +
  'of peak: GFLOPS per thread, as a share of the most that one thread reaches in WebAssembly; ' +
  'MiB: the most resident memory that the process used';

/** Groups rows by key, in the order in which the keys first occur. */
export function groupBy<One, Key>(rows: readonly One[], keyOf: (row: One) => Key): Map<Key, One[]> {
  const groups = new Map<Key, One[]>();
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row]);
  return groups;
}

/** A table in Markdown. */
export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const isNumeric = (column: number): boolean => lines.every((cells) => /^(×?[\d.]+.*)?$/.test(cells[column]));
  const rows = [head, head.map((_, n) => (n > 0 && isNumeric(n) ? '--:' : '---')), ...lines];
  return rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

/** In prettier's format, which `npm run check` demands. */
export async function formatted(document: string, file: string): Promise<string> {
  const { format, resolveConfig } = await import('prettier');
  return format(document, { ...(await resolveConfig(file, { editorconfig: true })), parser: 'markdown' });
}

/**
 * Fills the marked parts of a document: `<!-- NAME: made by the command -->` … `<!-- end of NAME -->`. `option`: that of the command line
 * which names the file.
 */
export async function fillParts(option: string, file: string, parts: Readonly<Record<string, string>>): Promise<void> {
  let text = readFileSync(file, 'utf8');
  for (const [name, contents] of Object.entries(parts)) {
    const [open, close] = [`<!-- ${name}: made by the command -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new UsageError(`${option} ${file}: has no ${open} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n\n${contents}\n\n${text.slice(to)}`;
  }
  writeFileSync(file, await formatted(text, file));
}
