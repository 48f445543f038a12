/** What runs of several networks have in common, forecasters' and classifiers': their bar, their checkpoint, and the files beside it. */
import { typed } from '../core/errors.js';
import type { ClassifierState } from '../classify/classifier.js';
import { classifierIn } from '../classify/classifier-file.js';
import { counted } from '../core/arguments.js';
import type { Backend } from '../core/backend.js';
import { replaceFile, replaceText } from '../files/disk-replace.js';
import { readIfPresent } from '../files/disk.js';
import { forecastIn } from '../forecast/forecast-file.js';
import type { ForecastState } from '../forecast/forecaster.js';
import { loadCheckpointSet, partsOf } from '../training/checkpoint-files.js';
import type { LoopHooks } from '../training/loop.js';
import { backendLine, type BackendFlags } from './backends.js';
import { type WrittenFile, stemOf } from './outputs.js';
import { inform } from './print.js';
import { progressBar } from './commands/run-training.js';

/** What a file of several networks holds. */
export interface SavedSet {
  readonly forecast?: ForecastState | undefined;
  readonly classifier?: ClassifierState | undefined;
}

/** The forecaster or the classifier of a checkpoint; neither if the file holds something else. */
export function loadSet(file: string): SavedSet {
  const [, network] = partsOf(file);
  const set = network === undefined ? loadCheckpointSet(file) : undefined;
  return set ? { forecast: forecastIn(set, file), classifier: classifierIn(set, file) } : {};
}

/** The attributes of flags that only runs of one network have. */
export const OF_ONE_NETWORK = ['task', 'text', 'permute', 'steps', 'rare', 'best', 'history', 'plot', 'sampleEvery'];

/** The flags of a run of several networks. */
export interface SetFlags extends BackendFlags {
  readonly data?: string;
  readonly checkpoint?: string;
  readonly checkpointEvery: number;
  readonly resume?: string;
  readonly json: boolean;
}

/** What the run calls while it trains. */
export interface RunHooks<State> extends Pick<LoopHooks, 'signal' | 'checkpointEvery' | 'onStep' | 'onWarning'> {
  /** A network begins; `left` networks have not ended. */
  readonly begin: (line: string, left: number) => void;
  readonly onState?: (state: State) => void;
}

/**
 * Trains and tests, with a bar, and saves the state. An interrupted run says how it continues. `before`: the state that is resumed, or that
 * of a new run.
 */
export async function trainAndTest<State>(
  { data = '', checkpoint, resume, checkpointEvery, vectors }: SetFlags,
  backend: Backend,
  signal: AbortSignal,
  before: State,
  bytesOf: (state: State) => Uint8Array,
  train: (hooks: RunHooks<State>) => Promise<State>,
  test: (trained: State, target: string | undefined) => Promise<void>,
): Promise<void> {
  const target = checkpoint ?? resume;
  const file = checkpointOf({ checkpoint, resume }, bytesOf);
  inform(backendLine(backend, vectors));
  const startedAt = performance.now();
  const secondsPassed = (): number => (performance.now() - startedAt) / 1000;
  let bar = progressBar(0, 1);
  let mostLeft = 0;
  const hooks: RunHooks<State> = {
    signal,
    checkpointEvery,
    onWarning: inform,
    begin: (line, left) => {
      bar.stop();
      mostLeft = Math.max(left, mostLeft);
      const ended = mostLeft - left;
      inform(ended > 0 ? `${line}; about ${((secondsPassed() / ended) * left).toFixed(0)} s left` : line);
    },
    onStep: (step, steps) => {
      if (step === 1) bar = progressBar(step, steps);
      bar.update(step);
    },
    ...(target !== undefined && { onState: file.write }),
  };
  try {
    const trained = await train(hooks);
    bar.stop();
    file.writeOnce(trained); // a run that had ended makes no step
    await test(trained, target);
    inform(`trained and tested in ${secondsPassed().toFixed(1)} s`);
  } catch (error) {
    if (signal.aborted && error === signal.reason && target !== undefined) {
      file.writeOnce(before); // it was interrupted between two networks
      inform(`the run is saved: ${typed(`train --resume ${target} --data ${data}`)} continues it`);
    }
    throw error;
  } finally {
    bar.stop();
  }
}

/** Writes the states of a run into its checkpoint. */
function checkpointOf<State>(
  { checkpoint, resume }: { checkpoint: string | undefined; resume: string | undefined },
  bytesOf: (state: State) => Uint8Array,
) {
  const target = checkpoint ?? resume;
  let isWritten = checkpoint === undefined; // a run that is resumed without --checkpoint has its file
  const write = (now: State): void => {
    if (target !== undefined) replaceFile(target, bytesOf(now), { keepOld: true });
    isWritten = true;
  };
  /** Writes the state unless one has been written, or the file holds it. */
  const writeOnce = (now: State): void => {
    if (isWritten || target === undefined) return;
    const found = readIfPresent(target);
    if (found === undefined || Buffer.compare(found, bytesOf(now)) !== 0) write(now);
  };
  return { write, writeOnce };
}

/** `births.report.json`, `births.test.csv` and `births.svg` beside `births.safetensors`. */
export const outputsBeside = (checkpoint: string): { report: string; test: string; plot: string } => {
  const stem = stemOf(checkpoint);
  return { report: `${stem}.report.json`, test: `${stem}.test.csv`, plot: `${stem}.svg` };
};

/** The files that a test writes beside a checkpoint. */
export function writtenBeside(checkpoint: string, { hasPlot }: { readonly hasPlot: boolean }): WrittenFile[] {
  const { report, test, plot } = outputsBeside(checkpoint);
  return [
    { name: 'the report', file: report, keepOld: false },
    { name: hasPlot ? 'the forecasts of the test part' : 'the classes of the test part', file: test, keepOld: false },
    ...(hasPlot ? [{ name: 'their drawing', file: plot, keepOld: false }] : []),
  ];
}

/** Writes a report with the count of the looks at its test part, which the field `part` identifies. */
export function writeReport<Report extends object>(file: string, part: keyof Report & string, report: Report): void {
  const looks = looksAt(file, part, report[part]) + 1;
  replaceText(file, `${JSON.stringify({ looks, ...report }, null, 2)}\n`);
  if (looks > 1)
    inform(`the test part has been looked at ${counted(looks, 'time')}: its figures flatter whoever chooses by them`);
}

/** How often an earlier report says that this test part was looked at. */
export function looksAt(file: string, part: string, value: unknown): number {
  try {
    const bytes = readIfPresent(file);
    if (!bytes) return 0;
    const before = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const isSame = JSON.stringify(before[part]) === JSON.stringify(value);
    return isSame && typeof before.looks === 'number' ? before.looks : 0;
  } catch {
    return 0; // it is no report of ours
  }
}

/** Rows as a CSV file has them. Texts with commas, quotation marks or line breaks are quoted. */
export function csvText(rows: readonly (readonly (number | string)[])[]): string {
  const quoted = (cell: number | string): number | string =>
    /[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell;
  return rows.map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

export const writeCsv = (file: string, rows: readonly (readonly (number | string)[])[]): void =>
  replaceText(file, csvText(rows));
