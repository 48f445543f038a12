/** Text that a network writes: its distribution, its options, and the same text on every number of threads. */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { DataError, NonFiniteError } from '../../src/core/errors.js';
import { Random } from '../../src/core/rng.js';
import { valuesOf } from '../../src/core/tensor.js';
import { classCount, textTask } from '../../src/data/text.js';
import { Network } from '../../src/door/network.js';
import { train } from '../../src/door/train.js';
import type { SampleOptions } from '../../src/training/sample.js';
import { sample } from '../../src/door/predict.js';
import { distributionOf, drawFrom } from '../../src/training/sample.js';
import { countingBackend } from '../helpers/backends.js';
import { failureOf } from '../helpers/failures.js';

const backend = createReferenceBackend();
const { train: text } = textTask('to be or not to be, that is the question; '.repeat(20), { T: 8 });
const { vocabulary } = text;
let network: Network;

beforeAll(async () => {
  const options = { hidden: 12, batchSize: 4, learningRate: 0.05, outputInit: 'glorot' as const, epochs: 8 };
  network = await train(backend, text, options);
});

async function written(options: SampleOptions, of = network): Promise<string> {
  let all = '';
  for await (const character of sample(of, vocabulary, options)) all += character;
  return all;
}

describe('a distribution', () => {
  const logits = Float64Array.of(1, 3, -2, 2.5, 0, 3);

  test('is the softmax of logits/temperature', () => {
    const found = distributionOf(logits, 0.7, 6);
    const weights = logits.map((value) => Math.exp(value / 0.7));
    const sum = weights.reduce((total, value) => total + value, 0);
    found.forEach((probability, k) => expect(probability).toBeCloseTo(weights[k] / sum, 12));
  });

  test('over the largest logits only, if `top` is smaller than their number', () => {
    const found = distributionOf(logits, 1, 3);
    expect([...found].map((probability) => probability > 0)).toEqual([false, true, false, true, false, true]);
    expect(found[1] / found[3]).toBeCloseTo(Math.exp(0.5), 12);
    expect(found.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  });

  test('with temperature 0 is the largest, the first of two; it approaches that as the temperature falls', () => {
    expect([...distributionOf(logits, 0, 6)]).toEqual([0, 1, 0, 0, 0, 0]);
    expect([...distributionOf([0, -Infinity, 0], 1, 3)]).toEqual([0.5, 0, 0.5]); // a class that must not be drawn
  });

  const FINITE = 'must be a finite number, or -Infinity for a class of probability 0';

  test.each<[unknown, unknown, number, Error]>([
    [5, 1, 1, new TypeError('distributionOf: logits is 5: must be an array of numbers, or a typed array')],
    [[0, 1, NaN], 1, 1, new RangeError(`distributionOf: logits[2] is NaN: ${FINITE}`)],
    [[Infinity, 1], 0, 1, new RangeError(`distributionOf: logits[0] is Infinity: ${FINITE}`)],
    [[0, '1'], 1, 1, new RangeError(`distributionOf: logits[1] is "1": ${FINITE}`)],
    [[-Infinity, -Infinity], 0, 1, new RangeError('distributionOf: logits has 2 numbers: one at least must be finite')],
    [[], 1, 1, new RangeError('distributionOf: logits has 0 numbers: one at least must be finite')],
    [[0, 1], '1', 1, new TypeError('distributionOf: temperature "1": must be a number')],
    [[0, 1], -1, 1, new RangeError('distributionOf: temperature -1: must be a finite number ≥ 0')],
    [[0, 1], 1, 0, new RangeError('distributionOf: top 0: must be a whole number ≥ 1')],
  ])('refuses logits %p, temperature %p, top %p', (wrong, temperature, top, error) => {
    expect(() => distributionOf(wrong as number[], temperature as number, top)).toThrow(error);
  });

  test('approaches the largest logit without an overflow', () => {
    const cold = distributionOf(logits, 0.01, 6);
    expect(cold[1] + cold[5]).toBeCloseTo(1, 12);
    expect([...distributionOf(logits, 1e-300, 6)].every(Number.isFinite)).toBe(true);
  });

  test('is drawn from: chi-squared over 100,000 draws', () => {
    const probabilities = distributionOf(logits, 1.3, 5);
    const counts = new Float64Array(6);
    const random = new Random(17);
    for (let n = 0; n < 100_000; n++) counts[drawFrom(probabilities, random)]++;
    let statistic = 0;
    probabilities.forEach((probability, k) => {
      if (probability === 0) expect(counts[k]).toBe(0);
      else statistic += (counts[k] - 1e5 * probability) ** 2 / (1e5 * probability);
    });
    expect(statistic).toBeLessThan(18.5); // 4 degrees of freedom: p < 0.001 above
  });

  test('is inverted exactly: each class has the numbers from its sum of probabilities up to the next one, which is not its own', () => {
    const probabilities = Float64Array.of(0, 1 / 4, 1 / 8, 0, 1 / 2, 1 / 8, 0); // their sums are exact
    const at = (u: number): number => {
      const random = { uniform: (from: number, to: number) => from + u * (to - from) } as unknown as Random;
      return drawFrom(probabilities, random);
    };
    const below = 2 ** -53; // numbers of a generator are multiples of it
    expect([at(0), at(0.25 - below)]).toEqual([1, 1]);
    expect([at(0.25), at(0.375 - below)]).toEqual([2, 2]);
    expect([at(0.375), at(0.875 - below)]).toEqual([4, 4]);
    expect([at(0.875), at(1 - below)]).toEqual([5, 5]);
  });

  test('whose sum is a little below 1 gives its last class to the largest draws', () => {
    const one = { uniform: () => 1 - 2 ** -53 } as unknown as Random;
    expect(drawFrom(Float64Array.of(0.5, 0.4999999, 0), one)).toBe(1);
  });
});

describe('a sample', () => {
  test('with temperature 0 is what the network finds likeliest, character by character', async () => {
    const found = await written({ temperature: 0, length: 30, prime: 'to be' });
    let so = 'to be';
    for (let n = 0; n < 30; n++) {
      const classes = Array.from(so, (character) => vocabulary.characters.indexOf(character));
      const whole = new Network(backend, network.config, { T: classes.length, B: 1 });
      whole.load(await network.save());
      classes.forEach((index, t) => whole.activations.x.set(t, 0, index));
      whole.forward();
      const logits = valuesOf(whole.activations.logits).slice(-classCount(vocabulary));
      so += vocabulary.characters[logits.indexOf(Math.max(...logits))];
    }
    expect(found).toBe(so.slice(5));
    expect(found).toContain('not to be');
  });

  test('is the same for the same seed, and another for another seed; a longer one begins with it', async () => {
    const [first, again, other, longer] = await Promise.all(
      [{ seed: 3 }, { seed: 3 }, { seed: 4 }, { seed: 3, length: 90 }].map((one) =>
        written({ length: 60, temperature: 1, prime: 't', ...one }),
      ),
    );
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(longer.startsWith(first)).toBe(true);
    expect(first).toHaveLength(60); // each character of this text is one unit of a string
  });

  test('without a prime begins with any character', async () => {
    const firsts = await Promise.all(Array.from({ length: 40 }, (_, seed) => written({ seed, length: 1 })));
    expect(new Set(firsts).size).toBeGreaterThan(8);
  });

  test('is the same on one thread and on three', async () => {
    const texts: string[] = [];
    for (const threads of [1, 3]) {
      const wasm = await createWasmBackend({ threads });
      const copy = new Network(wasm, { ...network.config }, { T: 1, B: 1 });
      copy.load(await network.save());
      texts.push(await written({ length: 80, temperature: 1.5 }, copy));
      await wasm.dispose();
    }
    expect(texts[1]).toBe(texts[0]);
  });

  test('changes nothing in the network, and frees what it allocated if the reader stops', async () => {
    const counting = countingBackend();
    const copy = new Network(counting.backend, network.config, { T: 8, B: 4 });
    copy.load(await network.save());
    const [held, before] = [counting.held.size, valuesOf(copy.activations.x)];
    for await (const character of sample(copy, vocabulary, { prime: 'to' })) {
      expect(character).toHaveLength(1);
      expect(counting.held.size).toBeGreaterThan(held);
      break;
    }
    expect(counting.held.size).toBe(held);
    expect(valuesOf(copy.activations.x)).toEqual(before);
  });

  test.each<[SampleOptions, Error]>([
    [{ length: -1 }, new RangeError('sample: length -1: must be a whole number ≥ 0')],
    [{ top: 0 }, new RangeError('sample: top 0: must be a whole number ≥ 1')],
    [{ temperature: NaN }, new RangeError('sample: temperature NaN: must be a finite number ≥ 0')],
    [{ temperature: -0.1 }, new RangeError('sample: temperature -0.1: must be a finite number ≥ 0')],
    [{ prime: 'tô' }, new DataError('prime: character 1 is "ô" (U+00F4), which is not among the 15 of the vocabulary')],
    [{ primer: '' } as never, new TypeError('sample: primer: unknown option; did you mean prime?')],
  ])('refuses %j at the call', (options, error) => {
    expect(() => sample(network, vocabulary, options)).toThrow(error);
  });

  test('has the weights and the options of its call', async () => {
    const copy = new Network(backend, network.config, { T: 1, B: 1 });
    copy.load(await network.save());
    const options = { length: 20, prime: 'to' };
    const writer = sample(copy, vocabulary, options);
    options.length = 3;
    copy.initialise(new Random(9));
    copy.dispose();
    let all = '';
    for await (const character of writer) all += character;
    expect(all).toBe(await written({ length: 20, prime: 'to' }));
  });

  test('refuses a network whose outputs are no logits', () => {
    const other = new Network(backend, { ...network.config, loss: 'squaredError' }, { T: 1, B: 1 });
    expect(() => sample(other, vocabulary)).toThrow(
      new DataError(
        "sample: the network's loss is squaredError: it must be crossEntropy, which gives characters a probability",
      ),
    );
  });

  test('refuses to draw from NaN', async () => {
    const huge = new Network(backend, network.config, { T: 1, B: 1 });
    for (const { name, value } of huge.parameters) value.data.fill(name === 'outKernel' ? 3e38 : 30);
    const failure = await failureOf(written({ prime: 'to be' }, huge));
    expect(failure).toEqual(new NonFiniteError('sample: after 5 characters, logit 0', Infinity));
  });

  test('refuses a network that does not predict the next character', async () => {
    const other = new Network(backend, { inputs: 3, layers: [{ hidden: 2 }], outputs: 3 }, { T: 1, B: 1 });
    expect(String(await failureOf(written({}, other)))).toContain(
      'a vocabulary of 15 classes, but the network reads 3 numbers and has 3 outputs at last step',
    );
  });
});
