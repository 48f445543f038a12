/** The history of a run, its losses and accuracies, as a file: CSV, or one JSON object per line. */
import { appendFileSync, existsSync, statSync } from 'node:fs';
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom, wholeFrom } from '../core/numbers.js';
import { replaceText } from '../files/disk-replace.js';
import { failure, placeOf, readFile } from '../files/disk.js';
import { Fields } from '../files/json-reader.js';
import { quote } from '../files/safetensors.js';

const SETS = ['train', 'validation'] as const;

export interface HistoryRow {
  readonly set: (typeof SETS)[number];
  readonly step: number;
  readonly loss: number;
  /** null for targets, which have no accuracy. */
  readonly accuracy: number | null;
}

/** In bytes; enough for more than a million rows. */
const LARGEST_HISTORY = 2 ** 26;

const CSV_HEAD = 'set,step,loss,accuracy';

/**
 * A history file that grows one row at a time. If the run resumes from a checkpoint, rows of later steps are removed. The old
 * file is replaced at the first row, or at the end of the run: a run that fails at once leaves it unchanged. If the file is removed or
 * emptied during the run, it is written again with all rows.
 */
export class History {
  /** All rows of the run so far. */
  private readonly rows: HistoryRow[];
  private hasBegun = false;

  constructor(
    private readonly file: string,
    startStep: number,
  ) {
    this.rows =
      startStep > 0 && existsSync(placeOf(file)) ? readHistory(file).filter(({ step }) => step <= startStep) : [];
  }

  add(row: HistoryRow): void {
    this.begin();
    this.rows.push(row);
    try {
      appendFileSync(placeOf(this.file), lineOf(row, this.file));
    } catch (error) {
      throw failure(this.file, 'cannot be written', error);
    }
  }

  /** Writes the file with all rows, unless it has them. */
  begin(): void {
    if (this.hasBegun && sizeOf(this.file) > 0) return;
    this.hasBegun = true;
    const head = isCsv(this.file) ? `${CSV_HEAD}\n` : '';
    const rows = this.rows.map((row) => lineOf(row, this.file)).join('');
    replaceText(this.file, head + rows);
  }
}

/** In bytes; 0 if there is no file. */
function sizeOf(file: string): number {
  try {
    return statSync(placeOf(file)).size;
  } catch {
    return 0; // `replaceFile` reports other causes
  }
}

/** All complete rows. Throws a DataError for a faulty row; an incomplete last line is ignored, as a killed run leaves it. */
export function readHistory(file: string): HistoryRow[] {
  return historyIn(readFile(file), file);
}

/** The same for a file's bytes. */
export function historyIn(bytes: Uint8Array, file: string): HistoryRow[] {
  if (bytes.length > LARGEST_HISTORY)
    throw new DataError(`${file}: ${counted(bytes.length, 'byte')}, more than ${LARGEST_HISTORY}`);
  const text = new TextDecoder().decode(bytes);
  const rows: HistoryRow[] = [];
  let start = 0;
  let hasReturns = false; // as a spreadsheet saves it
  if (isCsv(file) && bytes.length > 0) {
    hasReturns = text.startsWith(`${CSV_HEAD}\r\n`);
    if (!hasReturns && !text.startsWith(`${CSV_HEAD}\n`))
      throw new DataError(`${file}: does not begin with ${CSV_HEAD}`);
    start = text.indexOf('\n') + 1;
  }
  // after the last line break there is nothing, or an incomplete line
  for (let end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
    const [line, where] = [text.slice(start, end), `${file}: row ${rows.length + 1}`];
    rows.push(isCsv(file) ? csvRow(hasReturns ? line.replace(/\r$/, '') : line, where) : jsonRow(line, where));
    start = end + 1;
  }
  return rows;
}

const isCsv = (file: string): boolean => file.endsWith('.csv');

function lineOf({ set, step, loss, accuracy }: HistoryRow, file: string): string {
  const row = { set, step, loss, accuracy };
  return isCsv(file) ? `${[set, step, loss, accuracy ?? ''].join(',')}\n` : `${JSON.stringify(row)}\n`;
}

/** `where` begins the messages. Throws a DataError. */
function csvRow(line: string, where: string): HistoryRow {
  const texts = line.split(',');
  const [set] = texts;
  const step = wholeFrom(texts[1] ?? '', 0, Number.MAX_SAFE_INTEGER);
  const loss = decimalFrom(texts[2] ?? '');
  const accuracy = texts[3] === '' ? null : decimalFrom(texts[3] ?? '');
  if (texts.length !== 4 || !isSet(set) || [step, loss, accuracy].includes(NaN))
    throw new DataError(`${where} is not a row of a history: ${quote(line)}`);
  return { set, step, loss, accuracy };
}

const isSet = (text: string): text is HistoryRow['set'] => SETS.some((set) => set === text);

function jsonRow(line: string, where: string): HistoryRow {
  const fields = Fields.parse(line, where);
  const row = {
    set: fields.choice('set', SETS),
    step: fields.whole('step', 0),
    loss: fields.finite('loss'),
    accuracy: fields.finiteOrNull('accuracy'),
  };
  fields.assertNoOthers();
  return row;
}
