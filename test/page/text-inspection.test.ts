/**
 * What the page's subject “Text” shows of a text: states, and the gradients of one prediction's loss. Its units separate
 * positions at which a property holds.
 */
import fc from 'fast-check';
import { createWasmBackend } from '../../kernels/wasm/index.js';
import { cellOf } from '../../src/cells/cells.js';
import { CELL_NAMES } from '../../src/cells/names.js';
import { DataError } from '../../src/core/errors.js';
import { classesIn, textTask, vocabularyOf } from '../../src/data/text.js';
import type { TextInspection } from '../../src/page/text/inspect-text.js';
import { mostCharacters, TextInspector } from '../../src/page/text/inspect-text.js';
import { PROPERTIES, propertyNamed, ranked, separations } from '../../src/page/text/separation.js';
import type { TextModel } from '../../src/page/text/text-writer.js';
import { wordAt } from '../../src/page/text/text-tools.js';
import { failureOf } from '../helpers/failures.js';
import type { Nudge } from '../helpers/random-model.js';
import { C, countedArea, modelOf, surprises, vocabulary } from '../helpers/random-model.js';

describe('the separation of a unit', () => {
  test('is the share of pairs in the right order, with ties', () => {
    const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ noNaN: true }), fc.constant(-0));
    const row = fc.tuple(fc.array(value, { minLength: 3, maxLength: 3 }), fc.nat(1));
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        const values = Float32Array.from(rows.flatMap(([three]) => three));
        const holds = Uint8Array.from(rows, ([, one]) => one);
        const found = separations(values, rows.length, 3, holds);
        found.forEach((auc, unit) => {
          const ofUnit = values.filter((_, n) => n % 3 === unit);
          const expected = countedArea(ofUnit, holds);
          if (Number.isNaN(expected)) expect(auc).toBeNaN();
          else expect(auc).toBeCloseTo(expected, 6);
        });
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test('is 1 or 0 if it is complete, 0.5 for a constant unit, and NaN for a unit with NaN', () => {
    const values = Float32Array.of(-1, 2, 5, NaN, -2, 3, 5, 1, 4, 0, 5, 1);
    expect([...separations(values, 3, 4, Uint8Array.of(0, 0, 1))]).toEqual([1, 0, 0.5, NaN]);
  });

  test('of no position, or of all, is NaN', () => {
    expect([...separations(Float32Array.of(1, 2), 2, 1, Uint8Array.of(0, 0))]).toEqual([NaN]);
    expect([...separations(Float32Array.of(1, 2), 2, 1, Uint8Array.of(1, 1))]).toEqual([NaN]);
  });

  test('ranks by the distance from 0.5, NaN last', () => {
    expect(ranked([0.5, NaN, 0.875, 0, 0.125, 0.625])).toEqual(
      [3, 2, 4, 5, 0, 1].map((unit) => ({ unit, auc: [0.5, NaN, 0.875, 0, 0.125, 0.625][unit] })),
    );
  });
});

/** The mask under each text: ^ if the property holds. A text's newlines are written as ¶. */
const MASKS: Record<string, readonly (readonly [string, string])[]> = {
  'in-quotes': [
    ['a “b “c” d” e', '  ^^^^^^^^   '],
    ['a "b" c "d', '  ^^    ^^'],
    ['”a “b', '   ^^'],
    ['“a¶b¶¶c', '^^^^^  '],
    ['"a¶ ¶b "c"', '^^^^   ^^ '],
    ['“😀” 😀', '^^   '],
    ['“a "b" c”', '^^^^^^^^ '],
  ],
  'in-parentheses': [
    ['a (b (c) d) e', '  ^^^^^^^^   '],
    ['a) (b', '   ^^'],
    ['(a¶¶b', '^^^  '],
  ],
  'line-end': [
    ['abcde¶fg¶¶h¶ijkl', '  ^^^ ^^  ^     '],
    ['a😀b😀¶', ' ^^^ '],
  ],
  'after-space': [['ab cd  ef¶“g', '   ^   ^  ^ ']],
  space: [['a b\t¶\u00a0é', ' ^ ^^^ ']],
  capital: [['aÉΔжЖ1😀A', ' ^^ ^  ^']],
  vowel: [['aEéyÖbø1😀', '^^^ ^ ^  ']],
  'long-word': [
    ['readers’ writing: Überraschung', '     ^^       ^^       ^^^^^^^'],
    ['éclairs e\u0301clairs', '     ^^       ^^'],
    ['abc1defghi', '         ^'],
  ],
};

describe('the property', () => {
  test('list has a mask for each', () => {
    expect(Object.keys(MASKS)).toEqual(PROPERTIES.map(({ id }) => id));
    expect(new Set(PROPERTIES.map(({ words }) => words)).size).toBe(PROPERTIES.length);
  });

  test.each(Object.entries(MASKS).flatMap(([id, cases]) => cases.map(([text, mask]) => [id, text, mask] as const)))(
    '%s holds in %j',
    (id, text, mask) => {
      const holds = propertyNamed(id).holds(Array.from(text.replaceAll('¶', '\n')));
      expect([...holds].map((one) => (one === 1 ? '^' : ' ')).join('')).toBe(mask);
    },
  );
});

/** ‖∂loss/∂·‖ by differences of the loss of the character after `target`. */
function numericNorm(
  model: TextModel,
  classes: ArrayLike<number>,
  target: number,
  count: number,
  place: Pick<Nudge, 'of' | 'layer' | 't'>,
): number {
  const by = 1e-5;
  const loss = (unit: number, sign: number): number =>
    surprises(model, classes, { ...place, unit, by: sign * by })[target][classes[target + 1]];
  const gradient = Array.from({ length: count }, (_, unit) => (loss(unit, 1) - loss(unit, -1)) / (2 * by));
  return Math.hypot(...gradient);
}

describe.each([
  ['plain TypeScript', () => new TextInspector()],
  ['WebAssembly', () => new TextInspector(() => createWasmBackend({ threads: 1 }))],
] as const)('an inspection with %s', (_, create) => {
  const text = 'to be 😀 or';
  const characters = Array.from(text);
  const N = characters.length;
  const classes = classesIn(text, vocabulary);
  const inspector = create();

  describe.each([[[5]], [[4, 6]]])('of layers with %j units', (hidden) => {
    let model: TextModel;
    const found: TextInspection[] = [];
    beforeAll(async () => {
      model = await modelOf(hidden);
      for (let target = 0; target < N - 1; target++) {
        found.push(await inspector.inspect(model, { step: 7 }, { text, target }));
      }
    });

    test('reads the code points, and has one LSTM for each layer', () => {
      for (const [target, one] of found.entries()) {
        expect(one).toMatchObject({ step: 7, characters, target });
        expect(one.cells.map(({ layer, reverse, H }) => [layer, reverse, H])).toEqual(
          hidden.map((H, layer) => [layer, false, H]),
        );
        for (const { gates, states, H } of one.cells) {
          expect(Object.keys({ ...gates, ...states })).toEqual(['i', 'j', 'f', 'o', 'h', 'c']);
          for (const values of Object.values({ ...gates, ...states })) expect(values).toHaveLength(N * H);
        }
        expect(structuredClone(one)).toEqual(one); // it goes from the worker to the page
      }
    });

    test('has the gradients of the loss with respect to x, h and c that differences give', () => {
      for (const target of [0, 3, N - 2]) {
        const { dxNorms, cells } = found[target];
        for (let t = 0; t <= N; t++) {
          cells.forEach(({ H, norms }, layer) => {
            const numeric = (of: 'h' | 'c') => numericNorm(model, classes, target, H, { of, layer, t });
            expect(norms.h[t]).toBeCloseTo(numeric('h'), 5);
            expect(norms.c[t]).toBeCloseTo(numeric('c'), 5);
          });
          if (t === N) continue;
          expect(dxNorms[t]).toBeCloseTo(numericNorm(model, classes, target, C, { of: 'x', layer: 0, t }), 5);
        }
        expect(dxNorms[0]).toBeGreaterThan(1e-3); // the differences would not notice a gradient of zeros
      }
    });

    test('has a gradient of exactly 0 after the target, and none before it', () => {
      found.forEach(({ dxNorms, cells }, target) => {
        const isZero = (norms: Float32Array): boolean[] => Array.from(norms, (value) => value === 0);
        expect(isZero(dxNorms)).toEqual(characters.map((_, t) => t > target));
        for (const { norms } of cells) {
          const afterEach = Array.from({ length: N + 1 }, (_, t) => t > target + 1);
          expect(isZero(norms.h)).toEqual(afterEach);
          expect(isZero(norms.c)).toEqual(afterEach);
        }
      });
    });

    test('has the loss -log p of each right character, and the likeliest characters after the target', () => {
      const expected = surprises(model, classes);
      found.forEach(({ loss, losses, choices }, target) => {
        expect(losses).toHaveLength(N - 1);
        losses.forEach((value, t) => expect(value).toBeCloseTo(expected[t][classes[t + 1]], 5));
        expect(loss).toBe(losses[target]);
        expect(choices).toHaveLength(12);
        const all = expected[target].map((surprise, k) => [vocabulary.characters[k], Math.exp(-surprise)] as const);
        all.sort((a, b) => b[1] - a[1]);
        choices.forEach(({ character, probability }, place) => {
          expect(character).toBe(all[place][0]);
          expect(probability).toBeCloseTo(all[place][1], 6);
        });
      });
    });

    test('of a prefix has the same states and gates', async () => {
      const short = await inspector.inspect(model, { step: 7 }, { text: 'to', target: 0 });
      short.cells.forEach(({ H, gates, states }, layer) => {
        const long = found[5].cells[layer];
        Object.entries({ ...long.gates, ...long.states }).forEach(([name, values]) => {
          const first = { ...gates, ...states }[name];
          for (let n = 0; n < 2 * H; n++) expect(first[n]).toBeCloseTo(values[n], 6);
        });
      });
    });
  });

  test('uses the model of each call, also if two calls overlap', async () => {
    const models = await Promise.all([modelOf([5]), modelOf([5], 5), modelOf([4, 6])]);
    const alone = [];
    for (const model of models) alone.push(await inspector.inspect(model, { step: 1 }, { text, target: 4 }));
    const together = models.map((model) => inspector.inspect(model, { step: 1 }, { text, target: 4 }));
    expect(await Promise.all(together)).toEqual(alone);
    expect(alone[0].loss).not.toBe(alone[1].loss);
  });

  test('has nothing left of the text before', async () => {
    const model = await modelOf([5]);
    const once = async (one: TextInspector) => [
      await one.inspect(model, { step: 0 }, { text: 'to be', target: 3 }),
      await one.states(model, 'to be'),
    ];
    const fresh = await once(create());
    await inspector.inspect(model, { step: 0 }, { text: 'or no', target: 2 });
    await inspector.states(model, 'or no');
    expect(await once(inspector)).toEqual(fresh);
  });

  test('reads all states of a text that is longer than one of its chunks', async () => {
    const model = await modelOf([4, 6]);
    const long = text.repeat(9);
    const { cells } = await inspector.inspect(model, { step: 0 }, { text: long, target: 0 });
    const states = await inspector.states(model, long);
    expect(states.characters).toEqual(Array.from(long));
    expect(states.layers.map(({ H }) => H)).toEqual([4, 6]);
    states.layers.forEach(({ H, states: { h, c } }, layer) => {
      expect([h.length, c.length]).toEqual([9 * N * H, 9 * N * H]);
      h.forEach((value, n) => expect(value).toBeCloseTo(cells[layer].states.h[n], 6));
      c.forEach((value, n) => expect(value).toBeCloseTo(cells[layer].states.c[n], 6));
    });
  });
});

describe('an inspection', () => {
  const inspector = new TextInspector();
  let model: TextModel;
  beforeAll(async () => (model = await modelOf([5])));
  const inspect = (text: string, target: number) => inspector.inspect(model, { step: 0 }, { text, target });

  test.each([
    ['t', '1 character'],
    ['😀', '1 character'],
    ['t'.repeat(401), '401 characters'],
  ])('refuses the text %j', async (text, count) => {
    expect(await failureOf(inspect(text, 0))).toEqual(new RangeError(`text of ${count}: must have 2…400`));
  });

  test('refuses an unknown character, and a network that does not predict the next one', async () => {
    const message = `text: character 1 is "ô" (U+00F4), which is not among the ${C} of the vocabulary`;
    expect(await failureOf(inspect('tô', 0))).toEqual(new DataError(message));
    expect(await failureOf(inspector.states(model, 'tô'))).toEqual(new DataError(message));
    const other = { ...model, vocabulary: vocabularyOf('abc') };
    const failure = await failureOf(inspector.inspect(other, { step: 0 }, { text: 'abc', target: 0 }));
    expect(String(failure)).toContain('DataError: text: a vocabulary of 3 classes, but the network reads');
  });

  test.each(CELL_NAMES)('of the cell %s has its gates and states, and its gradients', async (cell) => {
    const { cells, dxNorms } = await inspector.inspect(
      await modelOf([5], 4, cell),
      { step: 0 },
      { text: 'to be', target: 3 },
    );
    const own = cellOf(cell);
    const [gates, states] = [own.gates, Object.keys(own.stateWidths({ I: C, H: 5 }))];
    expect(cells.map((one) => [Object.keys(one.gates), Object.keys(one.states), Object.keys(one.norms)])).toEqual([
      [gates, states, states],
    ]);
    expect(Array.from(dxNorms, (norm) => norm > 0)).toEqual([true, true, true, true, false]);
    expect(Math.max(...cells[0].states.h.map(Math.abs))).toBeGreaterThan(0);
  });

  test('begins every passage of 300 characters with a zero state', async () => {
    const model = await modelOf([4, 6]);
    const long = 'to be or not to be  '.repeat(31);
    const [whole, second] = [await inspector.states(model, long), await inspector.states(model, long.slice(300, 600))];
    whole.layers.forEach(({ H, states: { h, c } }, layer) => {
      expect(h.slice(300 * H, 600 * H)).toEqual(second.layers[layer].states.h);
      expect(c.slice(300 * H, 600 * H)).toEqual(second.layers[layer].states.c);
      expect(h.slice(0, H)).toEqual(h.slice(300 * H, 301 * H)); // the same character from the same state
    });
  });

  test('of states has a limit that falls with the work of the network', async () => {
    expect(mostCharacters(model.network)).toBe(20_000);
    const work = 600 * 4 * 600 + 1200 * 4 * 600 + 600 * C;
    const wide = { hidden: 600, bidirectional: false, projection: 0, bias: true, cell: 'lstm' } as const;
    expect(mostCharacters({ ...model.network, layers: [wide, wide] })).toBe(Math.floor(5e9 / work));
    expect((await inspector.states(model, 'to be '.repeat(3500))).characters).toHaveLength(20_000);
  });

  test('of states lets timers run', async () => {
    let hasFired = false;
    setTimeout(() => (hasFired = true), 60);
    await inspector.states(await modelOf([64]), 'to be '.repeat(700));
    expect(hasFired).toBe(true);
  });

  test('ranks the units by what they separate, from the states of the model’s weights', async () => {
    const text = 'to be or not to be, that is the question\n'.repeat(3);
    const { layers, characters } = await inspector.states(model, text);
    const holds = propertyNamed('vowel').holds(characters);
    for (const state of ['c', 'h'] as const) {
      const { units, share } = await inspector.rank(model, text, 'vowel', state, 0);
      expect(share).toBeCloseTo(13 / 41, 12);
      expect(units.map(({ unit }) => unit).sort()).toEqual([0, 1, 2, 3, 4]);
      for (const { unit, auc } of units) {
        const values = Array.from(characters, (_, n) => layers[0].states[state][n * 5 + unit]);
        expect(auc).toBeCloseTo(countedArea(values, holds), 6);
      }
    }
    const other = { ...model, parameters: (await modelOf([5], 8)).parameters };
    const rank = (one: TextModel, property: string) => inspector.rank(one, text, property, 'c', 0);
    expect(await rank(other, 'vowel')).not.toEqual(await rank(model, 'vowel'));
    expect(String(await failureOf(rank(model, 'vowels')))).toContain('property vowels: must be');
  });
});

test('a passage of a text begins with a word', () => {
  const { train } = textTask(`rest of a word, then ${'words '.repeat(30)}${'x'.repeat(200)}`, { T: 2 });
  expect([0, 3, 4].map((at) => wordAt(train, at))).toEqual([5, 5, 5]);
  expect([5, 6, 7, 8].map((at) => wordAt(train, at))).toEqual([5, 5, 5, 8]);
  expect(wordAt(train, 24)).toBe(21);
  expect(wordAt(train, 350)).toBe(350); // no word near
});
