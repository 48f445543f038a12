/**
 * The table of options: every entry becomes a flag, a default, a check and a field of checkpoints. The library and
 * checkpoints accept the same range. Flags accept a narrower range if files of earlier versions need a wider one.
 */
import { readFileSync } from 'node:fs';
import { createReferenceBackend } from '../kernels/reference/index.js';
import type { Backend } from '../src/backend.js';
import { trainCommand } from '../src/cli/train.js';
import { DataError } from '../src/errors.js';
import { parseSafetensors, writeSafetensors } from '../src/files/safetensors.js';
import type { Checkpoint } from '../src/training/checkpoint.js';
import { checkpointBytes, parseCheckpoint, signed } from '../src/training/checkpoint.js';
import { resumeTraining, train } from '../src/training/loop.js';
import type { OptionEntry, OptionName, TrainOptions } from '../src/training/options.js';
import {
  assertOptions,
  GROUPS,
  isChangeableOnResume,
  OPTION_NAMES,
  OPTIONS,
  TUTORIAL,
} from '../src/training/options.js';
import { failureOf } from './helpers/failures.js';
import { IMAGES } from './helpers/small-images.js';

const entryOf = (name: OptionName): OptionEntry => OPTIONS[name];
const flagOf = (name: OptionName): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** A value that is not the default, and that every option accepts. */
function otherValue(name: OptionName): number | string {
  const entry = entryOf(name);
  return entry.kind === 'choice' ? entry.choices.find((choice) => choice !== entry.default)! : 3;
}

const OTHERS = Object.fromEntries(OPTION_NAMES.map((name) => [name, otherValue(name)])) as unknown as TrainOptions;

async function checkpointWith(options: Partial<TrainOptions>): Promise<Checkpoint> {
  const saved: Checkpoint[] = [];
  const hooks = { validation: IMAGES, onCheckpoint: (checkpoint: Checkpoint) => saved.push(checkpoint) };
  (await train(createReferenceBackend(), IMAGES, options, hooks)).dispose();
  return saved[0];
}

/** The file with its options changed, and its checksum correct. */
function withOptions(bytes: Uint8Array, change: (options: Record<string, unknown>) => void): Uint8Array {
  const { metadata, tensors } = parseSafetensors(bytes, 'f');
  const options = JSON.parse(metadata.get('options')!) as Record<string, unknown>;
  change(options);
  return writeSafetensors(signed({ tensors, metadata: new Map(metadata).set('options', JSON.stringify(options)) }));
}

const fixture = new Uint8Array(readFileSync(new URL('fixtures/checkpoint-0.1.0-f32.safetensors', import.meta.url)));

async function stepsWhenResumed(bytes: Uint8Array): Promise<number> {
  const checkpoint = parseCheckpoint(bytes, 'f');
  let made = 0;
  const hooks = { validation: IMAGES, onStep: (step: number) => void (made = step) };
  const model = await resumeTraining(createReferenceBackend(), IMAGES, checkpoint, {}, hooks);
  model.dispose();
  return made;
}

/** The value that the command line gives an option. Throws the error that the command would print. */
function parsed(name: OptionName, text: string): unknown {
  const command = trainCommand().exitOverride();
  command.configureOutput({ writeErr: () => {} });
  command.parseOptions([`${flagOf(name)}=${text}`]);
  return command.opts()[name];
}

describe('one entry of the table makes the flag, the default, the check and the field of checkpoints of', () => {
  const help = trainCommand().helpInformation();
  let saved: TrainOptions;
  beforeAll(async () => {
    const checkpoint = await checkpointWith(OTHERS);
    saved = parseCheckpoint(checkpointBytes(checkpoint), 'f').training!.options;
  });

  test.each(OPTION_NAMES)('%s', (name) => {
    const entry = entryOf(name);
    // a flag, in its group of the help, with its help text and its default
    expect(entry.flag.split(' ')[0]).toBe(flagOf(name));
    const group = help.split(/\n\n(?=\w)/).find((part) => part.startsWith(`${entry.group}:\n`))!;
    const shown = typeof entry.default === 'string' ? `"${entry.default}"` : String(entry.default);
    const meaning = entry.kind !== 'choice' && entry.default === null ? entry.whenNull : shown;
    const line = group
      .split(/\n(?= {2}--)/)
      .find((part) => part.includes(`${entry.flag} `))!
      .replace(/\s+/g, ' ');
    expect(line).toContain(entry.help);
    expect(line).toContain(`default: ${meaning})`);
    expect(parsed(name, String(otherValue(name)))).toBe(otherValue(name));

    // a default
    expect(TUTORIAL[name]).toBe(entry.default);
    expect(trainCommand().opts()[name]).toBe(entry.default);
    expect(() => assertOptions(TUTORIAL)).not.toThrow();

    // a check
    for (const wrong of [undefined, 'neither number nor choice', [3], {}, NaN, true]) {
      expect(() => assertOptions({ ...OTHERS, [name]: wrong })).toThrow(new RegExp(`^train: ${name} .*: must be `));
    }
    expect(() => assertOptions(OTHERS)).not.toThrow();

    // a field of checkpoints
    expect(saved[name]).toBe(otherValue(name));
  });
});

test('no group of flags is empty, and each flag accepts its default', () => {
  expect(new Set(OPTION_NAMES.map((name) => entryOf(name).group))).toEqual(new Set(GROUPS));
  for (const name of OPTION_NAMES) {
    const value = TUTORIAL[name];
    if (value !== null) expect(parsed(name, String(value))).toBe(value);
  }
});

test('a resumed run may change only its length and its display step', () => {
  expect(OPTION_NAMES.filter(isChangeableOnResume)).toEqual(['trainingIters', 'epochs', 'displayStep']);
});

describe('an option that an older checkpoint lacks has its default', () => {
  test.each(OPTION_NAMES)('%s', (name) => {
    const { hidden, forgetBias } = parseCheckpoint(fixture, 'f').training!.options;
    const written = { ...OTHERS, hidden, forgetBias, patience: null };
    const lacking = withOptions(fixture, (options) => {
      Object.assign(options, written);
      Reflect.deleteProperty(options, name);
    });
    const expected = { ...written, [name]: TUTORIAL[name] };
    if (expected.hidden === hidden && expected.forgetBias === forgetBias) {
      expect(parseCheckpoint(lacking, 'f').training!.options).toEqual(expected);
    } else {
      // the default must also agree with the file's network
      expect(() => parseCheckpoint(lacking, 'f')).toThrow(`f: options of another network: hidden ${expected.hidden}`);
    }
  });

  test('and the run is resumed', async () => {
    const lacking = withOptions(fixture, (options) => Reflect.deleteProperty(options, 'decayRate'));
    expect(await stepsWhenResumed(lacking)).toBe(12);
  });
});

const COUNT = { accepted: [1, 4294967295], onlyFlagsRefuse: [4294967296, 1e300], refused: [0, -1, 1.5] };
const RATE = {
  accepted: [1e-45, 3.4028234e38],
  onlyFlagsRefuse: [0, -1, 1e-46, -3.4028234e38],
  refused: [3.4028236e38, -1e39],
};
const LIMIT = { accepted: [1e-45, 3.4028234e38], onlyFlagsRefuse: [1e-46, 3.4028236e38, 1e300], refused: [0, -1] };

interface Range {
  readonly accepted: readonly (number | string)[];
  /** The library and checkpoints accept them: files of 0.1.0 hold such values. */
  readonly onlyFlagsRefuse: readonly number[];
  readonly refused: readonly (number | string)[];
}

const RANGES: Readonly<Record<OptionName, Range>> = {
  learningRate: RATE,
  schedule: { accepted: ['constant', 'cosine', 'step'], onlyFlagsRefuse: [], refused: ['linear', ''] },
  warmUp: { accepted: [0, 4294967295], onlyFlagsRefuse: [4294967296], refused: [-1, 0.5] },
  decayEvery: COUNT,
  decayRate: RATE,
  clipValue: LIMIT,
  clipNorm: LIMIT,
  trainingIters: COUNT,
  epochs: COUNT,
  batchSize: COUNT,
  displayStep: COUNT,
  validateEvery: COUNT,
  patience: COUNT,
  hidden: COUNT,
  forgetBias: {
    accepted: [0, 1e-45, -3.4028234e38, 3.4028234e38],
    onlyFlagsRefuse: [-1e-46],
    refused: [3.4028236e38, -1e39],
  },
  seed: { accepted: [0, 4294967295], onlyFlagsRefuse: [-1, 1.5, 4294967296], refused: [] },
  shuffle: { accepted: ['tf1', 'legacy'], onlyFlagsRefuse: [], refused: ['tf2', ''] },
};

describe.each(Object.entries(RANGES) as [OptionName, Range][])('the range of %s is checked', (name, range) => {
  const { accepted, onlyFlagsRefuse, refused } = range;
  const andValidated = { validateEvery: name === 'validateEvery' ? 1 : 3 };

  test('by the library', async () => {
    const begun = new Error('the run has begun');
    const backend: Backend = {
      ...createReferenceBackend(),
      allocate: () => {
        throw begun;
      },
    };
    const failureWith = (value: unknown): Promise<unknown> =>
      failureOf(train(backend, IMAGES, { batchSize: 1, ...andValidated, [name]: value }, { validation: IMAGES }));
    for (const value of [...accepted, ...onlyFlagsRefuse]) {
      const isLargeBatch = name === 'batchSize' && Number(value) > IMAGES.count;
      if (isLargeBatch) expect(await failureWith(value)).toBeInstanceOf(DataError);
      else expect(await failureWith(value)).toBe(begun);
    }
    for (const value of refused) {
      const failure = (await failureWith(value)) as Error;
      expect(failure).toBeInstanceOf(RangeError);
      expect(failure.message).toContain(`train: ${name} ${JSON.stringify(value)}: must be `);
    }
  });

  test('by the flag', () => {
    for (const value of accepted) expect(parsed(name, String(value))).toBe(value);
    for (const value of [...onlyFlagsRefuse, ...refused]) {
      expect(() => parsed(name, String(value))).toThrow(
        `option '${entryOf(name).flag}' argument '${value}' is invalid.`,
      );
    }
  });

  test('when a checkpoint is read', () => {
    const read = (value: unknown) => () =>
      parseCheckpoint(
        withOptions(fixture, (options) => Object.assign(options, andValidated, { [name]: value })),
        'f',
      );
    for (const value of [...accepted, ...onlyFlagsRefuse]) {
      if (name === 'hidden' || name === 'forgetBias') {
        expect(read(value)).toThrow(`f: options of another network: `);
      } else {
        expect(read(value)().training!.options[name]).toBe(value);
      }
    }
    for (const value of refused) {
      expect(read(value)).toThrow(DataError);
      expect(read(value)).toThrow(`f: options: ${name} ${JSON.stringify(value)}: must be `);
    }
  });
});

test('a run whose file has values that only the flags refuse is resumed', async () => {
  const values = { learningRate: -1e-3, seed: 1.5, clipNorm: 1e300, clipValue: 1e39 };
  expect(await stepsWhenResumed(withOptions(fixture, (options) => Object.assign(options, values)))).toBe(12);
});

test('patience without validation is refused by the library and in a checkpoint', () => {
  const message = 'patience 3: must be null if validateEvery is null';
  expect(() => assertOptions({ ...TUTORIAL, patience: 3 })).toThrow(new RangeError(`train: ${message}`));
  const bytes = withOptions(fixture, (options) => Object.assign(options, { patience: 3, validateEvery: null }));
  expect(() => parseCheckpoint(bytes, 'f')).toThrow(new DataError(`f: options: ${message}`));
});
