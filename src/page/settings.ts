/** What a run on the page is asked to do, and the same as the address of a link that repeats it. */
import type { Shuffle } from '../data/batches.js';
import { decimalFrom } from '../numbers.js';

export const MACHINES = ['wasm', 'webgpu', 'webgl2', 'reference'] as const;
export type Machine = (typeof MACHINES)[number];

/** From `step` on the learning rate is `rate`: changed by hand in the midst of a run. */
export interface RateChange {
  readonly step: number;
  readonly rate: number;
}

export interface Settings {
  readonly machine: Machine;
  /** With `wasm`; null: one a core. */
  readonly threads: number | null;
  readonly hidden: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly rateChanges: readonly RateChange[];
  readonly seed: number;
  readonly shuffle: Shuffle;
  /** The run pauses there. */
  readonly steps: number;
}

/** What the visitor looks at. */
export interface View {
  /** Of the test images. */
  readonly image: number;
  /** Rows read, 0 … 28. */
  readonly row: number;
  /** The planted mistake, or none. */
  readonly mistake: string;
}

/** The tutorial's. */
export const DEFAULTS: Settings & View = {
  machine: 'wasm',
  threads: null,
  hidden: 128,
  batchSize: 128,
  learningRate: 0.001,
  rateChanges: [],
  seed: 1,
  shuffle: 'tf1',
  steps: 781,
  image: 0,
  row: 28,
  mistake: 'none',
};

/** Smallest and largest of each number, and whether it must be whole. */
export const LIMITS = {
  threads: { least: 1, most: 48, whole: true },
  hidden: { least: 1, most: 1024, whole: true },
  batchSize: { least: 1, most: 1024, whole: true },
  learningRate: { least: 0, most: 1e38, whole: false },
  seed: { least: 0, most: 2 ** 32 - 1, whole: true },
  steps: { least: 1, most: 1_000_000, whole: true },
  image: { least: 0, most: 9999, whole: true },
  row: { least: 0, most: 28, whole: true },
} as const;

type NumberName = keyof typeof LIMITS;

/** The number that a text spells in decimal notation, spaces around it aside; null if it is none within the limits. */
export function numberFrom(name: NumberName, text: string): number | null {
  const { least, most, whole } = LIMITS[name];
  const value = decimalFrom(text.trim());
  return value >= least && value <= most && (!whole || Number.isInteger(value)) ? value : null;
}

/** `?hidden=64&seed=7`: only what differs from the defaults. */
export function toQuery(state: Settings & View): string {
  const query = new URLSearchParams();
  const { rateChanges, ...others } = state;
  for (const [name, value] of Object.entries(others)) {
    if (value !== DEFAULTS[name as keyof typeof others] && value !== null) query.set(name, String(value));
  }
  const changes = rateChanges.map(({ step, rate }) => `${step}:${rate}`).join(',');
  if (changes) query.set('rateChanges', changes);
  const text = query.toString();
  return text ? `?${text.replace(/%3A/g, ':').replace(/%2C/g, ',')}` : '';
}

/** Without what is only looked at. */
export function settingsOf(state: Settings & View): Settings {
  const { machine, threads, hidden, batchSize, learningRate, rateChanges, seed, shuffle, steps } = state;
  return { machine, threads, hidden, batchSize, learningRate, rateChanges, seed, shuffle, steps };
}

/** The opposite of `toQuery`; what is missing, or makes no sense, is as in the defaults. */
export function fromQuery(text: string): Settings & View {
  const query = new URLSearchParams(text);
  const number = (name: NumberName) => numberFrom(name, query.get(name) ?? '') ?? DEFAULTS[name];
  return {
    machine: MACHINES.find((machine) => machine === query.get('machine')) ?? DEFAULTS.machine,
    threads: number('threads'),
    hidden: number('hidden') ?? DEFAULTS.hidden,
    batchSize: number('batchSize') ?? DEFAULTS.batchSize,
    learningRate: number('learningRate') ?? DEFAULTS.learningRate,
    rateChanges: rateChangesFrom(query.get('rateChanges') ?? ''),
    seed: number('seed') ?? DEFAULTS.seed,
    shuffle: query.get('shuffle') === 'legacy' ? 'legacy' : 'tf1',
    steps: number('steps') ?? DEFAULTS.steps,
    image: number('image') ?? DEFAULTS.image,
    row: number('row') ?? DEFAULTS.row,
    mistake: query.get('mistake') ?? DEFAULTS.mistake,
  };
}

function rateChangesFrom(text: string): RateChange[] {
  return text.split(',').flatMap((part) => {
    const [step, rate = ''] = part.split(':');
    const [at, value] = [numberFrom('steps', step), numberFrom('learningRate', rate)];
    return at === null || value === null ? [] : [{ step: at, rate: value }];
  });
}
