/**
 * The table of options: every entry becomes a flag, a default, a check and a field of checkpoints. Flags and new runs of the
 * library accept the same range. Checkpoints accept a wider one if files of earlier versions need it.
 */
import { readFileSync } from 'node:fs';
import * as gpu from '../../kernels/gpu/index.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import * as wasm from '../../kernels/wasm/index.js';
import { trainCommand } from '../../src/cli/commands/train.js';
import { DataError } from '../../src/core/errors.js';
import * as mnist from '../../src/data/mnist-files.js';
import type { TrainData } from '../../src/data/train-data.js';
import * as library from '../../src/index.js';
import type { ModelOptions } from '../../src/door/model.js';
import { Model } from '../../src/door/model.js';
import type { ModelCheck } from '../../src/network/network-check.js';
import { checkModelGradients } from '../../src/network/network-check.js';
import { parseSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import type { Checkpoint } from '../../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint, signed } from '../../src/training/checkpoint.js';
import type { TrainHooks } from '../../src/door/train.js';
import { resumeTraining, train } from '../../src/door/train.js';
import type { OptionEntry } from '../../src/training/option-table.js';
import { GROUPS, OPTIONS } from '../../src/training/option-table.js';
import type { GivenOptions, OptionName, ResumeOptions, TrainOptions } from '../../src/training/options.js';
import {
  assertOptions,
  isChangeableOnResume,
  NEEDS,
  OPTION_NAMES,
  storedName,
  TEXT_OPTIONS,
  TUTORIAL,
} from '../../src/training/options.js';
import { Training } from '../../src/door/training.js';
import { changedCheckpoint, inJson } from '../helpers/changed-files.js';
import { HAS_BEGUN, untouchable } from '../helpers/backends.js';
import { expectDataError, failureOf } from '../helpers/failures.js';
import { checkpointOf, IMAGES, smallSequences } from '../helpers/small-data.js';

test('no caller can change a table of defaults or names, nor a list in it', () => {
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozen));
  const exported = { ...gpu, ...library, ...mnist, ...wasm, OPTIONS, TEXT_OPTIONS };
  const tables = Object.entries<unknown>(exported).filter(([, value]) => typeof value === 'object');
  expect(tables.map(([name]) => name)).toEqual(expect.arrayContaining(['TUTORIAL', 'MODES', 'FILES']));
  expect(tables.filter(([, table]) => !isFrozen(table)).map(([name]) => name)).toEqual([]);
});

const entryOf = (name: OptionName): OptionEntry => OPTIONS[name];
const flagOf = (name: OptionName): string =>
  `--${storedName(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** A value that is not the default, and that the option accepts together with those of `othersWith`. */
function otherValue(name: OptionName): number | string | boolean | readonly number[] {
  const entry = entryOf(name);
  if (entry.kind === 'quantiles') return [0.1, 0.9];
  if (name === 'schedule') return 'step'; // the others leave no use for decayEvery
  if (entry.kind === 'choice') return entry.choices.find((choice) => choice !== entry.default)!;
  if (entry.kind === 'switch') return true;
  if (name === 'momentum' || name === 'dropout') return 0.5;
  return name === 'projection' ? 1 : name === 'shift' ? 2 : 3;
}

/** The options that only data with targets have, and the losses that need them. */
const LOSSES: Readonly<Partial<Record<OptionName, TrainOptions['loss']>>> = {
  loss: 'absoluteError',
  delta: 'huber',
  quantiles: 'pinball',
};
const TARGETS = smallSequences({ inputs: 'numbers', answers: 'targets', reads: 'last', ends: 'one length' }, 64);
const dataFor = (name: OptionName): TrainData => (name in LOSSES ? TARGETS : IMAGES);

/** The options of other cells, and what an LSTM alone has. */
const PLAIN = { projection: 0, forgetBias: 1, biasInit: 'zeros' } as const;
const CELLS: Readonly<Partial<Record<OptionName, Partial<TrainOptions>>>> = {
  cell: { ...PLAIN, cell: 'rnn' },
  eigenvalues: { ...PLAIN, cell: 'mingru', eigenvalues: 'signed' },
};

const OTHERS = {
  ...TUTORIAL,
  ...Object.fromEntries(
    OPTION_NAMES.filter((name) => !(name in LOSSES || name in CELLS)).map((name) => [name, otherValue(name)]),
  ),
};

/** As OTHERS, with another value of this option. */
const othersWith = (name: OptionName): TrainOptions =>
  name in LOSSES
    ? { ...OTHERS, shift: 0, loss: LOSSES[name]!, [name]: otherValue(name) }
    : { ...OTHERS, ...CELLS[name] };

const checkpointWith = (options: Partial<TrainOptions>, data: TrainData = IMAGES): Promise<Checkpoint> =>
  checkpointOf(data, options, (options.validateEvery ?? null) === null ? {} : { validation: data });

/** The file with its options changed, and its checksum correct. */
const withOptions = (bytes: Uint8Array, change: (options: Record<string, unknown>) => unknown): Uint8Array =>
  changedCheckpoint(bytes, inJson('options', change));

const fixture = new Uint8Array(readFileSync(new URL('../fixtures/checkpoint-0.1.0-f32.safetensors', import.meta.url)));

/** A file whose optimiser's options can be changed, because it has the moments of both optimisers. */
async function fileOf(given: Partial<TrainOptions>): Promise<Uint8Array> {
  const files = [];
  for (const optimiser of ['adam', 'sgd'] as const) {
    const checkpoint = await checkpointWith({
      ...given,
      hidden: 2,
      layers: 2,
      batchSize: 16,
      trainingIters: 64,
      optimiser,
    });
    files.push(parseSafetensors(checkpointBytes(checkpoint), 'f'));
  }
  const [{ metadata, tensors }, { tensors: sgd }] = files;
  const others = given.projection === undefined ? sgd : []; // version 3 refuses tensors that its run does not need
  return writeSafetensors(signed({ metadata, tensors: new Map([...others, ...tensors]) }));
}

async function stepsWhenResumed(bytes: Uint8Array): Promise<number> {
  const checkpoint = parseCheckpoint(bytes, 'f');
  let made = 0;
  const hooks = {
    ...(checkpoint.training?.options.validateEvery !== null && { validation: IMAGES }),
    onStep: (step: number) => void (made = step),
    onWarning: () => {}, // the best validation may be earlier
  };
  const model = await resumeTraining(createReferenceBackend(), IMAGES, checkpoint, {}, hooks);
  model.dispose();
  return made;
}

/** The value that the command line gives an option. Throws the error that the command would print. */
function parsed(name: OptionName, text: string): unknown {
  const command = trainCommand().exitOverride();
  command.configureOutput({ writeErr: () => {} });
  command.parseOptions([entryOf(name).kind === 'switch' ? flagOf(name) : `${flagOf(name)}=${text}`]);
  return command.opts()[storedName(name)];
}

describe('one entry of the table makes the flag, the default, the check and the field of checkpoints of', () => {
  const help = trainCommand().helpInformation();
  let saved: TrainOptions;
  const savedFrom = async (name: OptionName): Promise<TrainOptions> => {
    const checkpoint = await checkpointWith(othersWith(name), dataFor(name));
    return parseCheckpoint(checkpointBytes(checkpoint), 'f').training!.options;
  };
  beforeAll(async () => (saved = await savedFrom('seed')));

  test.each(OPTION_NAMES)('%s', async (name) => {
    const entry = entryOf(name);
    // a flag, in its group of the help, with its help text and its default
    expect(entry.flag.split(' ')[0]).toBe(flagOf(name));
    const group = help.split(/\n\n(?=\w)/).find((part) => part.startsWith(`${entry.group}:\n`))!;
    const shown = typeof entry.default === 'string' ? `"${entry.default}"` : String(entry.default);
    const meaning = 'whenNull' in entry ? entry.whenNull : shown;
    const line = group
      .split(/\n(?= {2}--)/)
      .find((part) => part.includes(`${entry.flag} `))!
      .replace(/\s+/g, ' ');
    expect(line).toContain(entry.help);
    if (entry.kind !== 'switch') expect(line).toContain(`default: ${meaning})`);
    expect(parsed(name, String(otherValue(name)))).toEqual(otherValue(name));

    // a default
    expect(TUTORIAL[name]).toBe(entry.default);
    expect(trainCommand().opts()[storedName(name)]).toBe(entry.default);
    expect(() => assertOptions(TUTORIAL)).not.toThrow();

    // a check
    const [list, one] = [entry.kind === 'list' ? [[3]] : [3], entry.kind === 'switch' ? 1 : true];
    for (const wrong of [undefined, 'neither number nor choice', list, {}, NaN, Infinity, one]) {
      expect(() => assertOptions({ ...OTHERS, [name]: wrong })).toThrow(
        new RegExp(`^train: ${name}(\\[0\\])? .*: must be `),
      );
    }
    expect(() => assertOptions(othersWith(name))).not.toThrow();

    // a field of checkpoints
    expect((name in LOSSES || name in CELLS ? await savedFrom(name) : saved)[name]).toEqual(otherValue(name));
  });
});

test('no group of flags is empty, and each flag accepts its default', () => {
  expect(new Set(OPTION_NAMES.map((name) => entryOf(name).group))).toEqual(new Set(GROUPS));
  for (const name of OPTION_NAMES) {
    const value = TUTORIAL[name];
    if (value !== null && value !== false) expect(parsed(name, String(value))).toEqual(value);
  }
});

test('a resumed run may change only its length and its display step', () => {
  expect(OPTION_NAMES.filter(isChangeableOnResume)).toEqual(['trainingIters', 'epochs', 'displayStep']);
});

/** The options that determine the network. */
const NETWORK: readonly OptionName[] = [
  ...(['hidden', 'layers', 'bidirectional', 'projection', 'withoutBias', 'dropout', 'forgetBias'] as const),
  ...(['loss', 'delta', 'quantiles', 'cell', 'eigenvalues'] as const),
];

/** A file of the version that introduced the option. */
const fileFor = (name: OptionName): Uint8Array => files.get(name) ?? files.get(entryOf(name).since ?? 1)!;
const files = new Map<number | OptionName, Uint8Array>([[1, fixture]]);
beforeAll(async () => {
  files.set(2, await fileOf({}));
  files.set(3, await fileOf({ projection: 1, withoutBias: true }));
  for (const [name, loss] of Object.entries(LOSSES) as [OptionName, TrainOptions['loss']][]) {
    const small = { hidden: 2, batchSize: 16, trainingIters: 64, loss, [name]: otherValue(name) };
    files.set(name, checkpointBytes(await checkpointWith(small, TARGETS)));
  }
  for (const [name, cell] of Object.entries(CELLS) as [OptionName, Partial<TrainOptions>][]) {
    const small = { hidden: 2, batchSize: 16, trainingIters: 64, ...cell };
    files.set(name, checkpointBytes(await checkpointWith(small)));
  }
});

describe('an option that an older checkpoint lacks has its default', () => {
  test.each(OPTION_NAMES)('%s', (name) => {
    const file = fileFor(name);
    const saved = parseCheckpoint(file, 'f').training!.options;
    const { since = 1 } = entryOf(name);
    const names = OPTION_NAMES.filter((other) => (entryOf(other).since ?? 1) <= since && !NETWORK.includes(other));
    const written = Object.fromEntries(
      names.map((other) => [other, other === 'patience' ? null : othersWith(name)[other]]),
    );
    const lacking = withOptions(file, (options) => {
      for (const other of names) options[storedName(other)] = written[other];
      Reflect.deleteProperty(options, storedName(name));
    });
    if (NETWORK.includes(name) && saved[name] !== TUTORIAL[name]) {
      // the default must also agree with the file's network
      expect(() => parseCheckpoint(lacking, 'f')).toThrow(
        `f: options of another network: ${name === 'forgetBias' || name === 'eigenvalues' || name in LOSSES ? name : 'layers['}`,
      );
    } else {
      expect(parseCheckpoint(lacking, 'f').training!.options).toEqual({ ...saved, ...written, [name]: TUTORIAL[name] });
    }
  });

  test('and the run is resumed', async () => {
    const lacking = withOptions(fixture, (options) => Reflect.deleteProperty(options, 'decayRate'));
    expect(await stepsWhenResumed(lacking)).toBe(12);
  });
});

test.each(OPTION_NAMES.filter((name) => entryOf(name).since !== undefined))(
  'a file of an older version with the newer option %s is refused',
  (name) => {
    const older = files.get(entryOf(name).since! - 1)!;
    for (const value of [TUTORIAL[name], otherValue(name)]) {
      const changed = withOptions(older, (options) => (options[storedName(name)] = value));
      expect(() => parseCheckpoint(changed, 'f')).toThrow(
        new DataError(`f: options: unknown field "${storedName(name)}"`),
      );
    }
  },
);

const COUNT = { accepted: [1, 4294967295], onlyFiles: [4294967296, 1e300], refused: [0, -1, 1.5] };
const RATE = {
  accepted: [1e-45, 3.4028234e38],
  onlyFiles: [0, -1, 1e-46, -3.4028234e38],
  refused: [3.4028236e38, -1e39],
};
const LIMIT = { accepted: [1e-45, 3.4028234e38], onlyFiles: [1e-46, 3.4028236e38, 1e300], refused: [0, -1] };

interface Range {
  readonly accepted: readonly (number | string | boolean)[];
  /** Checkpoints accept them, because files of earlier versions can hold such values. New runs refuse them. */
  readonly onlyFiles: readonly number[];
  readonly refused: readonly (number | string)[];
}

const RANGES: Readonly<Record<Exclude<OptionName, 'quantiles'>, Range>> = {
  learningRate: RATE,
  schedule: { accepted: ['constant', 'cosine', 'step'], onlyFiles: [], refused: ['linear', ''] },
  warmUp: { accepted: [0, 4294967295], onlyFiles: [4294967296], refused: [-1, 0.5] },
  decayEvery: COUNT,
  decayRate: RATE,
  clipValue: LIMIT,
  clipNorm: LIMIT,
  loss: { accepted: ['squaredError', 'absoluteError', 'huber', 'pinball'], onlyFiles: [], refused: ['mse', ''] },
  delta: LIMIT,
  trainingIters: COUNT,
  epochs: COUNT,
  batchSize: COUNT,
  displayStep: COUNT,
  validateEvery: COUNT,
  patience: COUNT,
  hidden: COUNT,
  layers: { accepted: [1, 2, 1000], onlyFiles: [], refused: [0, 1001, 1.5] },
  bidirectional: { accepted: [true, false], onlyFiles: [], refused: [0, 1, 'true', ''] },
  cell: {
    accepted: ['lstm', 'rnn', 'gru', 'lstm-peephole', 'mingru', 'minlstm', 'slstm'],
    onlyFiles: [],
    refused: ['GRU', ''],
  },
  eigenvalues: { accepted: ['positive', 'signed'], onlyFiles: [], refused: ['negative', ''] },
  projection: { accepted: [0, 1], onlyFiles: [], refused: [-1, 0.5] },
  withoutBias: { accepted: [true, false], onlyFiles: [], refused: [0, 1, 'true', ''] },
  dropout: { accepted: [0, 0.5, 0.99], onlyFiles: [1e-46], refused: [-0.1, 0.991, 1] },
  outputInit: { accepted: ['normal', 'glorot'], onlyFiles: [], refused: ['zero', ''] },
  biasInit: { accepted: ['zeros', 'chrono'], onlyFiles: [], refused: ['glorot', ''] },
  optimiser: { accepted: ['adam', 'sgd'], onlyFiles: [], refused: ['Adam', ''] },
  momentum: { accepted: [0, 0.5, 0.9999], onlyFiles: [1e-46, 0.99999], refused: [-0.1, 1] },
  shift: { accepted: [0, 2, 1000], onlyFiles: [], refused: [-1, 0.5, 1001] },
  forgetBias: {
    accepted: [0, 1e-45, -3.4028234e38, 3.4028234e38],
    onlyFiles: [-1e-46],
    refused: [3.4028236e38, -1e39],
  },
  seed: { accepted: [0, 4294967295], onlyFiles: [-1, 1.5, 4294967296], refused: [] },
  shuffle: { accepted: ['tf1', 'legacy'], onlyFiles: [], refused: ['tf2', ''] },
};

describe.each(Object.entries(RANGES) as [OptionName, Range][])('the range of %s is checked', (name, range) => {
  const { accepted, onlyFiles, refused } = range;
  const andValidated = { validateEvery: name === 'validateEvery' ? 1 : 3 };

  test('by the library', async () => {
    const [data, loss] = [dataFor(name), LOSSES[name] ?? TUTORIAL.loss];
    const needed = {
      ...(name in NEEDS && (Object.fromEntries([NEEDS[name as keyof typeof NEEDS]]) as Partial<TrainOptions>)),
      ...(name === 'decayRate' && { decayEvery: 4294967295 }), // a large one would make the learning rate infinite
    };
    const failureWith = (value: unknown): Promise<unknown> =>
      failureOf(
        train(
          untouchable,
          data,
          { batchSize: 1, layers: name === 'dropout' ? 2 : 1, ...andValidated, loss, ...needed, [name]: value },
          { validation: data },
        ),
      );
    for (const value of accepted) {
      const isLargeBatch = name === 'batchSize' && Number(value) > IMAGES.count;
      const isLargeShift = name === 'shift' && Number(value) >= IMAGES.columns;
      if (isLargeBatch) expect(await failureWith(value)).toBeInstanceOf(DataError);
      else if (isLargeShift) expect(await failureWith(value)).toBeInstanceOf(RangeError);
      else expect(await failureWith(value)).toBe(HAS_BEGUN);
    }
    for (const value of [...onlyFiles, ...refused]) {
      const failure = (await failureWith(value)) as Error;
      expect(failure).toBeInstanceOf(RangeError);
      expect(failure.message).toContain(`train: ${name} ${JSON.stringify(value)}: must be `);
    }
  });

  test('by the flag', () => {
    if (entryOf(name).kind === 'switch') {
      expect(parsed(name, '')).toBe(true);
      return;
    }
    for (const value of accepted) expect(parsed(name, String(value))).toBe(value);
    for (const value of [...onlyFiles, ...refused]) {
      expect(() => parsed(name, String(value))).toThrow(
        `option '${entryOf(name).flag}' argument '${value}' is invalid.`,
      );
    }
  });

  test('when a checkpoint is read', () => {
    const file = fileFor(name);
    const saved = parseCheckpoint(file, 'f').training!.options;
    const read = (value: unknown) => () =>
      parseCheckpoint(
        withOptions(file, (options) => Object.assign(options, andValidated, { [storedName(name)]: value })),
        'f',
      );
    for (const value of [...accepted, ...onlyFiles]) {
      if (NETWORK.includes(name) && value !== saved[name]) {
        expect(read(value)).toThrow(`f: options of another network: `);
      } else {
        expect(read(value)().training!.options[name]).toBe(value);
      }
    }
    for (const value of refused) {
      expectDataError(read(value), `f: options: ${storedName(name)} ${JSON.stringify(value)}: must be `);
    }
  });
});

test('a run whose file has values that new runs refuse is resumed', async () => {
  const values = { learningRate: -1e-3, seed: 1.5, clipNorm: 1e300, clipValue: 1e39 };
  expect(await stepsWhenResumed(withOptions(fixture, (options) => Object.assign(options, values)))).toBe(12);
});

test('a new rate, and the new length of a resumed run, have the range of new runs', async () => {
  const checkpoint = parseCheckpoint(fixture, 'f');
  const data = { train: IMAGES, validation: IMAGES };
  const training = Training.resume(createReferenceBackend(), data, checkpoint);
  for (const rate of [0, -1, 1e-46, 1e39, NaN]) {
    expect(() => training.changeLearningRate(rate)).toThrow(`train: learningRate ${rate}: must be a number `);
  }
  training.changeLearningRate(0.5);
  expect(training.learningRate).toBe(0.5);
  training.dispose();
  const longer = { trainingIters: 1e300 };
  expect(await failureOf(resumeTraining(untouchable, IMAGES, checkpoint, longer, { validation: IMAGES }))).toEqual(
    new RangeError('train: trainingIters 1e+300: must be a whole number from 1 to 4294967295'),
  );
});

describe('an option counts wherever JavaScript finds it by its name', () => {
  class Chosen {
    readonly batchSize = 8;
    get hidden(): number {
      return this.batchSize / 4;
    }
    get trainingIters(): number {
      return 2 * this.batchSize + 1;
    }
    print(): void {}
  }
  const hidden = Object.defineProperty({ batchSize: 8, trainingIters: 17 }, 'hidden', { get: () => 2 });

  test.each<[string, GivenOptions]>([
    ['on a prototype', Object.create({ hidden: 2, batchSize: 8, trainingIters: 17 }) as GivenOptions],
    ['in the getters of a class', new Chosen()],
    ['in a getter that is not enumerable', hidden],
  ])('%s', (_, options) => {
    const training = Training.start(createReferenceBackend(), { train: IMAGES, validation: undefined }, options);
    expect(training.options).toEqual({ ...TUTORIAL, hidden: 2, batchSize: 8, trainingIters: 17 });
    training.dispose();
  });

  test('for a resumed run, for hooks, for the tutorial’s network and for its gradient check too', async () => {
    let steps = 0;
    const hooks = Object.create({ onStep: (step: number) => (steps = step) }) as TrainHooks;
    const longer = Object.create({ trainingIters: 8 * 20 }) as ResumeOptions;
    const checkpoint = await checkpointOf(IMAGES, { hidden: 2, batchSize: 8, trainingIters: 17 });
    (await resumeTraining(createReferenceBackend(), IMAGES, checkpoint, longer, hooks)).dispose();
    expect(steps).toBe(19);
    const sizes = { T: 1, B: 1, I: 1, H: 1, C: 2 };
    const backend = createReferenceBackend({ dtype: 'f64' });
    const model = new Model(backend, sizes, Object.create({ forgetBias: 7, inputGradient: true }) as ModelOptions);
    expect([model.config.forgetBias, model.dx.size]).toEqual([7, 1]);
    const spoilt = Object.create({ forgetBias: NaN }) as ModelCheck;
    expect(String(await failureOf(checkModelGradients(backend, sizes, spoilt)))).toContain('forgetBias is NaN');
  });

  test.each<[string, object]>([
    ['on a prototype', Object.create({ lr: 1 }) as object],
    [
      'in a getter',
      new (class {
        private readonly batchSize = 8;
        get lr(): number {
          return this.batchSize / 4;
        }
      })(),
    ],
  ])('and a misspelt one is refused %s', async (_, options) => {
    const failure = await failureOf(train(untouchable, IMAGES, options));
    expect(failure).toEqual(new TypeError('train: lr: unknown option; did you mean learningRate?'));
  });

  test('and each is read once', async () => {
    let reads = 0;
    const options = {
      get hidden(): number {
        return ++reads;
      },
      batchSize: 8,
      trainingIters: 1,
    };
    const network = await train(createReferenceBackend(), IMAGES, options);
    expect([reads, network.config.layers[0].hidden]).toEqual([1, 1]);
  });
});

const NOT_BETWEEN = 'must be between 0 and 1, also in f32';
const NO_LIST = 'must be a list of numbers between 0 and 1';
const ONE_LAYER = 'must be 0 with one layer, because it drops numbers between two layers';
const anyOf = (value: unknown): never => value as never;

/** The last of a row: the file in `files` that is changed. */
test.each<[string, Partial<TrainOptions>, number | OptionName]>([
  ['hidden has 0 numbers: must be one for each layer, 1 to 1000', { hidden: [] }, 2],
  ['hidden has 1001 numbers: must be one for each layer, 1 to 1000', { hidden: Array<number>(1001).fill(1) }, 2],
  ['hidden[1] 0: must be a whole number ≥ 1', { hidden: [4, 0] }, 2],
  ['hidden[1] "3": must be a whole number ≥ 1', { hidden: [4, anyOf('3')] }, 2],
  ['hidden[1] undefined: must be a whole number ≥ 1', { hidden: [4, anyOf(undefined), 3] }, 2],
  ['hidden[1] an Array: must be a whole number ≥ 1', { hidden: [4, anyOf([3])] }, 2],
  ['layers 3: must be left out or 2, because hidden has 2 numbers', { hidden: [4, 3], layers: 3 }, 2],
  [`quantiles an Array: ${NO_LIST}`, { quantiles: [] }, 'quantiles'],
  [`quantiles 0.5: ${NO_LIST}`, { quantiles: anyOf(0.5) }, 'quantiles'],
  [`quantiles null: ${NO_LIST}`, { quantiles: anyOf(null) }, 'quantiles'],
  [`quantiles[1] 1: ${NOT_BETWEEN}`, { quantiles: [0.5, 1] }, 'quantiles'],
  [`quantiles[0] 0: ${NOT_BETWEEN}`, { quantiles: [0, 0.5] }, 'quantiles'],
  [`quantiles[0] 0.9999999999: ${NOT_BETWEEN}`, { quantiles: [0.9999999999] }, 'quantiles'],
  [`quantiles[0] 1e-46: ${NOT_BETWEEN}`, { quantiles: [1e-46] }, 'quantiles'],
  [`quantiles[1] "0.7": ${NOT_BETWEEN}`, { quantiles: [0.5, anyOf('0.7')] }, 'quantiles'],
  ['quantiles[2] 0.4: must be greater than the one before, 0.5', { quantiles: [0.1, 0.5, 0.4] }, 'quantiles'],
  ['quantiles[1] 0.5: must be greater than the one before, 0.5', { quantiles: [0.5, 0.5] }, 'quantiles'],
  ['patience 3: must be null if validateEvery is null', { patience: 3, validateEvery: null }, 1],
  [`dropout 0.5: ${ONE_LAYER}`, { dropout: 0.5 }, 2],
  [`dropout 0.5: ${ONE_LAYER}`, { dropout: 0.5, hidden: [7] }, 2],
  [`dropout 0.5: ${ONE_LAYER}`, { dropout: 0.5, bidirectional: true }, 2],
])('“%s” is said by the library, and when a checkpoint is read', (message, options, file) => {
  expect(() => assertOptions({ ...TUTORIAL, ...options })).toThrow(new RangeError(`train: ${message}`));
  const layers = file === 2 ? { layers: 1 } : {};
  const bytes = withOptions(files.get(file)!, (all) => Object.assign(all, layers, options));
  // JSON has null in place of undefined
  expect(() => parseCheckpoint(bytes, 'f')).toThrow(
    new DataError(`f: options: ${message.replace('undefined', 'null')}`),
  );
});

describe('a list', () => {
  const readWith = (bytes: Uint8Array, change: object) => () =>
    parseCheckpoint(
      withOptions(bytes, (options) => Object.assign(options, change)),
      'f',
    );

  test('of hidden units, one for each layer, is accepted in a checkpoint of version 2 alone', () => {
    for (const layers of [1, 2]) {
      const { options } = readWith(files.get(2)!, { hidden: [2, 2], layers })().training!;
      expect([options.hidden, options.layers]).toEqual([[2, 2], layers]);
    }
    expect(readWith(files.get(2)!, { hidden: [2, 3], layers: 1 })).toThrow(
      'f: options of another network: layers[1] {',
    );
    const { hidden } = parseCheckpoint(fixture, 'f').training!.options;
    expect(readWith(fixture, { hidden: [hidden] })).toThrow(
      new DataError(`f: options: hidden [${String(hidden)}]: must be one number in format version 1`),
    );
    expect(() => assertOptions({ ...TUTORIAL, hidden: [7, 6], dropout: 0.5 })).not.toThrow();
  });

  test('is no typed array, and has no holes', () => {
    const message = 'train: hidden an Int32Array: must be a whole number ≥ 1, or a list of them';
    const hidden = anyOf(Int32Array.of(4, 3));
    expect(() => assertOptions({ ...TUTORIAL, hidden })).toThrow(new RangeError(message));
    const holes = Array<number>(1);
    expect(() => assertOptions({ ...TUTORIAL, hidden: holes })).toThrow('train: hidden[0] undefined: must be');
    expect(() => assertOptions({ ...TUTORIAL, quantiles: holes })).toThrow('train: quantiles[0] undefined');
  });

  test('has commas in its flag', () => {
    expect(parsed('hidden', '128,64')).toEqual([128, 64]);
    for (const wrong of ['128,', ',', '128,0', '128 64', '128,1.5']) expect(() => parsed('hidden', wrong)).toThrow();
    for (const wrong of ['', ',', '0.5,', '0', '0.5,1', '0.9,0.1', '0.5,0.5', '0.1 0.9', 'NaN']) {
      expect(() => parsed('quantiles', wrong)).toThrow(`option '--quantiles <list>' argument '${wrong}' is invalid.`);
    }
  });

  test('of quantiles is accepted by the library, by the flag, and in a checkpoint of its network', async () => {
    const read = (quantiles: readonly number[]) => readWith(files.get('quantiles')!, { quantiles });
    for (const quantiles of [[0.5], [1e-45, 0.5, 0.99999], [0.05, 0.5, 0.95]]) {
      const options = { batchSize: 1, loss: 'pinball', quantiles } as const;
      expect(await failureOf(train(untouchable, TARGETS, options))).toBe(HAS_BEGUN);
      expect(parsed('quantiles', quantiles.join())).toEqual(quantiles);
      expect(read(quantiles)).toThrow('f: options of another network: quantiles [');
    }
    const saved = [0.1, 0.9];
    expect(read(saved)().training!.options.quantiles).toEqual(saved);
  });
});

test('a loss without its data, and options without their loss, are refused', async () => {
  const NOT_OF_LABELS = 'loss huber: must be left out for data with labels, whose loss is the cross-entropy';
  const refusals: readonly (readonly [string, GivenOptions, TrainData])[] = [
    [NOT_OF_LABELS, { loss: 'huber' }, IMAGES],
    ['delta 2: must be left out unless loss is huber', { delta: 2 }, TARGETS],
    ['delta 2: must be left out unless loss is huber', { delta: 2, loss: 'absoluteError' }, TARGETS],
    ['quantiles 0.1,0.9: must be left out unless loss is pinball', { quantiles: [0.1, 0.9] }, TARGETS],
    ['quantiles[1] 1: must be between 0 and 1, also in f32', { loss: 'pinball', quantiles: [0.5, 1] }, TARGETS],
  ];
  for (const [message, options, data] of refusals) {
    const failure = await failureOf(train(untouchable, data, { batchSize: 1, ...options }));
    expect(failure).toEqual(new RangeError(`train: ${message}`));
  }
  const defaults = { ...TUTORIAL, quantiles: [...TUTORIAL.quantiles], batchSize: 1 };
  expect(await failureOf(train(untouchable, IMAGES, defaults))).toBe(HAS_BEGUN);
  // a file of which a run on labels could not be resumed
  const bytes = withOptions(files.get(3)!, (options) => Object.assign(options, { loss: 'huber' }));
  expectDataError(() => parseCheckpoint(bytes, 'f'), 'f: options of another network: loss "huber"; the file');
});
