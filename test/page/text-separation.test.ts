/** Which unit separates the positions of a text at which a property holds: the area under the curve, and the properties. */
import fc from 'fast-check';
import { PROPERTIES, propertyNamed, ranked, separations } from '../../src/page/text/separation.js';
import { countedArea } from '../helpers/text-models.js';

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
          const expected = countedArea(
            values.filter((_, n) => n % 3 === unit),
            holds,
          );
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
