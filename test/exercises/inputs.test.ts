/** What the checks give to an answer: no element that it can leave out unnoticed, and no place that it can read for another. */
import { type Shape, type Tensor, indexOf, valuesOf } from '../../src/core/tensor.js';
import { PROBLEMS } from '../../src/exercises/check.js';
import { toCommonJs } from '../../src/exercises/common-js.js';
import { evaluate } from '../../src/exercises/evaluate.js';
import { EXERCISES } from '../../src/exercises/exercises.js';

type Functions = Readonly<Record<string, string>>;

const CELL: Functions = { lstmCellBackward: '- dc dcPrev dh gates c cPrev' };
const RNN = 'x labels parameters results';

/** The parameters of each function that an answer reads; - is one that it only writes, or the backend. */
const READ: Readonly<Record<string, Functions>> = {
  product: { productBackward: '- - - dz x W' },
  'rnn-step': { backward: RNN },
  'initial-state': { forward: 'x parameters', backward: RNN },
  sigmoid: { sigmoidBackward: 'dI i' },
  'hidden-state': CELL,
  'cell-state': CELL,
  gates: CELL,
  weights: { lstmStepBackward: '- lstm' },
  'through-time': { lstmBackward: '- lstm' },
  softmax: { crossEntropyBackward: '- probabilities y count' },
  adam: { adam: 'p m v g rate', adamRate: 'learningRate t' },
  'every-step': { everyStepBackward: '- lstm dLogits W', denseBackward: '- - - - dLogits states W' },
  scan: { scanBackward: '- - dh dhPrev a h hPrev' },
  'gru-step': { gruCellBackward: '- - dhPrev dh gates hPrev' },
};

/** The parameters of each function that an answer writes. */
const WRITTEN: Readonly<Record<string, Functions>> = {
  gates: { lstmCellBackward: 'dz' },
  'through-time': { lstmBackward: '- lstm' },
  softmax: { crossEntropyBackward: 'dLogits' },
  'every-step': { everyStepBackward: '- lstm - - dW db', denseBackward: '- dStates dW db' },
  scan: { scanBackward: 'da db' },
  'gru-step': { gruCellBackward: 'dax dah' },
};

/** Of an LSTM. */
const READ_OF_LSTM = ['inputs', 'kernel', 'bias', 'h', 'c', 'gates', 'dhUpstream', 'dcUpstream'];
const WRITTEN_OF_LSTM = ['dKernel', 'dBias', 'dInputs', 'dh', 'dc'];

const isTensor = (value: unknown): value is Tensor => typeof value === 'object' && value !== null && 'stride' in value;

type Call = (name: string, given: readonly unknown[], ofCase: number) => void;

/** Runs the solution on all cases. `note` gets the arguments of each call, and the number of its case. */
function runSolution(name: string, note: Call): void {
  const { cases, ...asked } = PROBLEMS[name];
  const { solution } = EXERCISES.find((one) => one.name === name)!.typescript;
  const right = evaluate(toCommonJs(solution, 'typescript'), asked);
  for (const [n, one] of cases.entries()) {
    const noted = Object.keys(READ[name]).map((of) => [
      of,
      (...given: unknown[]): unknown => (note(of, given, n), (right[of] as (...all: unknown[]) => unknown)(...given)),
    ]);
    one.results({ ...right, ...(Object.fromEntries(noted) as object) });
  }
}

interface Noted {
  readonly shape: Shape;
  readonly values: readonly number[];
}

/** The numbers in an argument, by their names. A list of rows is a matrix. `ofLstm`: the tensors of an LSTM. */
function numbersIn(name: string, value: unknown, ofLstm: readonly string[], lastShape?: Shape): [string, Noted][] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return [];
  if (typeof value === 'number') return [[name, { shape: [], values: [value] }]];
  if (isTensor(value)) return [[name, { shape: [...value.shape], values: [...valuesOf(value)] }]];
  if (Array.isArray(value) && isTensor(value[0]))
    return (value as unknown[]).flatMap((one, k) => numbersIn(`${name}[${k}]`, one, ofLstm));
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return [[name, ofLists(value as ArrayLike<unknown>)]];
  if (name === 'y') return [[name, ofGet(value as Tensor, lastShape!)]];
  const all = value as Readonly<Record<string, unknown>>;
  return (name === 'lstm' ? ofLstm : Object.keys(all)).flatMap((key) => numbersIn(`${name}.${key}`, all[key], ofLstm));
}

function ofLists(list: ArrayLike<unknown>): Noted {
  if (typeof list[0] === 'number') return { shape: [list.length], values: Array.from(list as ArrayLike<number>) };
  const all = Array.from(list, (one) => ofLists(one as ArrayLike<unknown>));
  return { shape: [all.length, ...all[0].shape], values: all.flatMap(({ values }) => values) };
}

/** y of `softmax` has only the method get. */
const ofGet = ({ get }: Pick<Tensor, 'get'>, shape: Shape): Noted => ({
  shape,
  values: Array.from({ length: shape[0] * shape[1] }, (_, n) => get(...indexOf(n, shape))),
});

/** An element by its index, and by its place in memory, each from the beginning and from the end. */
function placesOf(n: number, { shape, values }: Noted): string[] {
  const index = indexOf(n, shape);
  const fromEnd = index.map((at, axis) => at - shape[axis]);
  return [`[${index.join()}]`, `[${fromEnd.join()}]`, `element ${n}`, `element ${n - values.length}`];
}

/** The numbers of each place before the call, by case. `which`: the parameters of each function. */
function numbersByPlace(
  name: string,
  which: Functions,
  ofLstm: readonly string[],
): Map<string, { readonly values: number[]; readonly cases: Set<number> }> {
  const all: ReturnType<typeof numbersByPlace> = new Map();
  runSolution(name, (of, given, ofCase) => {
    const named = (which[of] ?? '-').split(' ').flatMap((parameter, k) => {
      const before = given[k - 1];
      return parameter === '-'
        ? []
        : numbersIn(parameter, given[k], ofLstm, isTensor(before) ? before.shape : undefined);
    });
    for (const [own, noted] of named)
      noted.values.forEach((value, n) => {
        for (const place of placesOf(n, noted)) {
          const key = `${own} ${place} for ${of}`;
          if (!all.has(key)) all.set(key, { values: [], cases: new Set() });
          all.get(key)!.values.push(value);
          all.get(key)!.cases.add(ofCase);
        }
      });
  });
  return all;
}

/** Places with the same number in all cases. */
const DEFINED_SO = /^lstm\.dhUpstream .* for everyStepBackward$/; // only written there; row 0 is 0, because no loss reads the initial state

test.each(Object.keys(READ))('%s: no element that an answer reads is 0 in all cases, or the same', (name) => {
  const all = numbersByPlace(name, READ[name], READ_OF_LSTM);
  expect(all.size).toBeGreaterThan(1);
  const same = [...all].filter(
    ([place, { values, cases }]) =>
      !DEFINED_SO.test(place) && new Set(values).size === 1 && (cases.size > 1 || values[0] === 0),
  );
  expect(same.map(([place, { values }]) => `${place}: ${values.join(' ')}`)).toEqual([]);
});

test.each(Object.keys(WRITTEN))('%s: no element that an answer must clear or write is 0 in all cases', (name) => {
  const all = numbersByPlace(name, WRITTEN[name], WRITTEN_OF_LSTM);
  expect(all.size).toBeGreaterThan(1);
  const zero = [...all].filter(([, { values }]) => values.every((value) => value === 0));
  expect(zero.map(([place]) => place)).toEqual([]);
});

test('through-time: the elements of dx that an answer adds to hold different numbers', () => {
  runSolution('through-time', (_, [, lstm, options]) => {
    if ((options as { accumulate?: boolean } | undefined)?.accumulate !== true) return;
    for (const tensor of (lstm as { dInputs: readonly Tensor[] }).dInputs)
      expect(new Set(valuesOf(tensor)).size).toBe(tensor.size);
  });
});

/** The numbers that an answer reads at one element, by their names. */
type Element = Readonly<Record<string, number>>;

interface Elements {
  /** Each two of them are compared. The other numbers of an element are not 0 then. */
  readonly names: readonly string[];
  /** If two of these are 0, the third is too. */
  readonly together?: readonly string[];
  readonly elementsOf: (given: readonly unknown[]) => Element[];
}

/** The indices of all elements. */
const indicesOf = (...extents: number[]): number[][] =>
  Array.from({ length: extents.reduce((size, extent) => size * extent, 1) }, (_, n) => indexOf(n, extents));

const OF_CELL: Elements = {
  names: ['dh', 'dc', 'dcPrev', 'cPrev', 'c', 'j'],
  together: ['cPrev', 'c', 'j'], // c = f*cPrev + i*j
  elementsOf(given) {
    const [, dc, dcPrev, dh, gates, c, cPrev] = given as Tensor[];
    const [B, H] = dh.shape;
    return indicesOf(B, H).map(([b, n]) => {
      const [i, j, f, o] = [0, 1, 2, 3].map((gate) => gates.get(b, gate * H + n));
      const [ofH, ofC] = [
        { dh: dh.get(b, n), o },
        { dc: dc.get(b, n), c: c.get(b, n) },
      ];
      return { ...ofH, ...ofC, dcPrev: dcPrev.get(b, n), cPrev: cPrev.get(b, n), i, j, f };
    });
  },
};

type Rows = readonly (readonly number[])[];

const OF_RNN: Elements = {
  names: ['h before the step', 'h after it'],
  elementsOf(given) {
    if (given.length < 4) return []; // the forward pass
    const [x, , { Wh }, { h }] = given as [Rows[], unknown, Record<string, Rows>, { h: Rows[] }];
    return indicesOf(x.length, x[0].length, Wh.length).map(([t, b, n]) => ({
      'h before the step': h[t][b][n],
      'h after it': h[t + 1][b][n],
      x: x[t][b][0],
      'column of Wh': Math.hypot(...Wh.map((row) => row[n])),
    }));
  },
};

const ELEMENTS: Readonly<Record<string, Elements>> = {
  'rnn-step': OF_RNN,
  'initial-state': OF_RNN,
  'hidden-state': OF_CELL,
  'cell-state': OF_CELL,
  gates: OF_CELL,
  scan: {
    names: ['dh', 'h before the step', 'a', 'dh before'],
    elementsOf(given) {
      const [, , dh, dhPrev, a, h, hPrev] = given as Tensor[];
      const [T, B, H] = h.shape;
      return indicesOf(T, B, H).map(([t, b, n]) => ({
        'dh before': t > 0 ? dh.get(t - 1, b, n) : dhPrev.get(b, n),
        'h before the step': t > 0 ? h.get(t - 1, b, n) : hPrev.get(b, n),
        dh: dh.get(t, b, n),
        a: a.get(t, b, n),
      }));
    },
  },
  'gru-step': {
    names: ['dh', 'dhPrev', 'hPrev', 'n', 'ahn'],
    elementsOf(given) {
      const [, , dhPrev, dh, gates, hPrev] = given as Tensor[];
      const [B, H] = dh.shape;
      return indicesOf(B, H).map(([b, k]) => {
        const [r, z, n, ahn] = [0, 1, 2, 3].map((block) => gates.get(b, block * H + k));
        return { dh: dh.get(b, k), dhPrev: dhPrev.get(b, k), hPrev: hPrev.get(b, k), r, z, n, ahn };
      });
    },
  },
  softmax: {
    names: ['p', 'y'],
    elementsOf(given) {
      const [, p, y] = given as Tensor[];
      const [B, C] = p.shape;
      const sumOf = (b: number): number => indicesOf(C).reduce((sum, [k]) => sum + y.get(b, k), 0);
      return indicesOf(B, C).map(([b, k]) => ({ p: p.get(b, k), y: y.get(b, k), Σy: sumOf(b) }));
    },
  },
  adam: {
    names: ['p', 'm', 'v', 'g'],
    elementsOf(given) {
      if (given.length < 5) return []; // adamRate
      const [p, m, v, g] = (given.slice(0, 4) as Tensor[]).map((tensor) => valuesOf(tensor));
      return Array.from(p, (_, n) => ({ p: p[n], m: m[n], v: v[n], g: g[n] }));
    },
  },
};

test.each(Object.keys(ELEMENTS))(
  '%s: each two numbers of an element are 0 at once, and one without the other',
  (name) => {
    const { names, together = [], elementsOf } = ELEMENTS[name];
    const all: Element[] = [];
    runSolution(name, (_, given) => all.push(...elementsOf(given)));
    const isThere = (zero: readonly string[], other: readonly string[]): boolean =>
      all.some((one) => zero.every((key) => one[key] === 0) && other.every((key) => one[key] !== 0));
    const besides = Object.keys(all[0]).filter((key) => !names.includes(key));
    for (const a of names)
      for (const b of names.filter((key) => key !== a)) {
        const free = names.filter(
          (key) => ![a, b].includes(key) && ![a, b, key].every((one) => together.includes(one)),
        );
        expect([a, b, 'both 0', isThere([a, b], [...free, ...besides])]).toEqual([a, b, 'both 0', true]);
        expect([a, 'without', b, isThere([a], [b, ...besides])]).toEqual([a, 'without', b, true]);
      }
  },
);

/** Results that cannot be so large, or that no line of the reader computes. */
const SMALL = /^(rnn-step d(Wy|BiasY)|initial-state (h|dWy|dBiasY)|adam α)$/;

test.each(Object.keys(READ))(
  '%s: right numbers are above 20 and below -20, so that one who limits them is wrong',
  (name) => {
    const { cases, ...asked } = PROBLEMS[name];
    const { solution } = EXERCISES.find((one) => one.name === name)!.typescript;
    const right = evaluate(toCommonJs(solution, 'typescript'), asked);
    const found = new Map<string, number[]>();
    for (const { name: full, shape, values } of cases.flatMap((one) => one.results(right))) {
      const tensor = `${name} ${full.replace(/[[ ].*/, '')}`;
      const gates = tensor.endsWith(' dz') ? 4 : / da[xh]$/.test(tensor) ? 3 : 1; // in blocks of columns
      values.forEach((value, n) => {
        const of = gates === 1 ? tensor : `${tensor}, gate ${Math.floor((n % shape[1]) / (shape[1] / gates))}`;
        found.set(of, [...(found.get(of) ?? []), value]);
      });
    }
    for (const [tensor, values] of found) {
      if (SMALL.test(tensor)) continue;
      expect([tensor, Math.max(...values) > 20]).toEqual([tensor, true]);
      if (tensor !== 'adam v') expect([tensor, Math.min(...values) < -20]).toEqual([tensor, true]); // a mean of squares
    }
  },
);

/** The tensors in an argument, with those in lists and objects. */
const tensorsIn = (value: unknown): Tensor[] => {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return isTensor(value) ? [value] : Object.values(value).flatMap(tensorsIn);
};

/** Where the first of the views of each array begins. */
function beginningsOf(tensors: readonly Tensor[]): number[] {
  const beginnings = new Map<unknown, number>();
  for (const { data, offset } of tensors) beginnings.set(data, Math.min(offset, beginnings.get(data) ?? Infinity));
  return [...beginnings.values()];
}

test.each(Object.keys(READ).filter((name) => !['product', 'sigmoid', 'rnn-step', 'initial-state'].includes(name)))(
  '%s: no two tensors of a problem begin at the same place of their arrays',
  (name) => {
    const counts: number[] = [];
    runSolution(name, (_, given) => {
      const beginnings = beginningsOf(given.flatMap(tensorsIn));
      expect([...beginnings].sort()).toEqual([...new Set(beginnings)].sort());
      counts.push(beginnings.length);
    });
    expect(Math.max(...counts)).toBeGreaterThan(1);
  },
);
