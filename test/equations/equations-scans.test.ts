/** The equations of the scan, (26), and of minGRU and minLSTM, (27) to (29); cell-equations.ts says how. */
import { Random } from '../../src/core/rng.js';
import type { Tensor } from '../../src/core/tensor.js';
import { valuesOf, zeros } from '../../src/core/tensor.js';
import { minGruBackward, minGruForward } from '../../src/equations/mingru.js';
import { minLstmBackward, minLstmForward } from '../../src/equations/minlstm.js';
import { scanBackward, scanForward } from '../../src/equations/scan.js';
import { B, BIAS, blockOfSteps, H, numericOf, otherSigmoid, perUnit, sumOf, T } from '../helpers/cell-equations.js';
import { copyOf, expectClose, inner, numericGradient, randomTensor } from '../helpers/numeric.js';

// ── (26): the scan ──

const DIRECTIONS = [
  ['from the first step to the last', false],
  ['from the last step to the first', true],
] as const;

describe('(26)', () => {
  test.each(DIRECTIONS)('h = a*hPrev + b, %s', (_, reverse) => {
    const random = new Random(2);
    const [a, b, hPrev] = [randomTensor(random, T, B, H), randomTensor(random, T, B, H), randomTensor(random, B, H)];
    const h = zeros([T, B, H], 'f64');
    scanForward(
      h,
      hPrev,
      (...at) => a.get(...at),
      (...at) => b.get(...at),
      reverse,
    );
    const steps = Array.from({ length: T }, (__, t) => (reverse ? T - 1 - t : t));
    let state = hPrev;
    for (const t of steps) {
      const before = state;
      state = perUnit((k, n) => before.get(k, n) * a.get(t, k, n) + b.get(t, k, n));
      expectClose(h.pick(t, null, null), state);
    }
  });
});

function scanned(reverse: boolean) {
  const random = new Random(3);
  const [a, b, hPrev] = [randomTensor(random, T, B, H), randomTensor(random, T, B, H), randomTensor(random, B, H)];
  const [h, r, dhPrevBefore] = [zeros([T, B, H], 'f64'), randomTensor(random, T, B, H), randomTensor(random, B, H)];
  const factor = (t: number, k: number, n: number): number => a.get(t, k, n);
  const loss = (): number => {
    scanForward(h, hPrev, factor, (...at) => b.get(...at), reverse);
    return inner(r, h);
  };
  loss();
  const [da, db, dh, dhPrev] = [zeros([T, B, H], 'f64'), zeros([T, B, H], 'f64'), copyOf(r), copyOf(dhPrevBefore)];
  const receive = (t: number, k: number, n: number, dA: number, dB: number): void => {
    da.set(t, k, n, dA);
    db.set(t, k, n, dB);
  };
  scanBackward(dh, dhPrev, h, hPrev, factor, receive, reverse);
  return { a, b, hPrev, da, db, dh, dhPrev, dhPrevBefore, loss };
}

describe('(26′)', () => {
  test.each(DIRECTIONS)('da = dh*hPrev: numeric derivative of (26), %s', (_, reverse) => {
    const scan = scanned(reverse);
    expectClose(scan.da, numericGradient(scan.a, scan.loss));
  });
  test.each(DIRECTIONS)('db = dh: numeric derivative of (26), %s', (_, reverse) => {
    const scan = scanned(reverse);
    expectClose(scan.db, numericGradient(scan.b, scan.loss));
  });
  test.each(DIRECTIONS)('dhPrev += dh*a: numeric derivative of (26), %s', (_, reverse) => {
    const scan = scanned(reverse);
    expectClose(scan.dhPrev, sumOf(valuesOf(scan.dhPrevBefore), numericGradient(scan.hPrev, scan.loss)));
  });
});

// ── (27) to (29): minGRU and minLSTM ──

type MinForward = (h: Tensor, gates: Tensor, hPrev: Tensor, signed: boolean, reverse: boolean) => void;

/** A cell of `blocks` gates with random pre-activations, after both passes. */
function minCell(
  blocks: number,
  forward: MinForward,
  backward: typeof minGruBackward,
  signed: boolean,
  reverse = false,
) {
  const random = new Random(4);
  const [z, hPrev, r] = [
    randomTensor(random, T, B, blocks * H),
    randomTensor(random, B, H),
    randomTensor(random, T, B, H),
  ];
  const [h, gates] = [zeros([T, B, H], 'f64'), copyOf(z)];
  forward(h, gates, hPrev, signed, reverse);
  const [dz, dh, dhPrev] = [zeros(z.shape, 'f64'), copyOf(r), zeros([B, H], 'f64')];
  backward(dz, dh, dhPrev, gates, h, hPrev, signed, reverse);
  const loss = (): number => {
    const again = zeros([T, B, H], 'f64');
    forward(again, copyOf(z), hPrev, signed, reverse);
    return inner(r, again);
  };
  return { z, gates, hPrev, h, dz, dhPrev, loss };
}

const minGru = (signed: boolean, reverse?: boolean) => minCell(2, minGruForward, minGruBackward, signed, reverse);
const minLstm = (signed: boolean, reverse?: boolean) =>
  minCell(
    3,
    (h, gates, hPrev, ...options) => minLstmForward(h, gates, hPrev, BIAS, ...options),
    minLstmBackward,
    signed,
    reverse,
  );

/** h of all steps from the factor a₀ of each; b = (1-a₀)*j. */
function statesFrom(
  a0At: (t: number, b: number, n: number) => number,
  { z, hPrev }: { z: Tensor; hPrev: Tensor },
  signed: boolean,
) {
  const h = zeros([T, B, H], 'f64');
  let state = hPrev;
  for (let t = 0; t < T; t++) {
    const before = state;
    state = perUnit((b, n) => {
      const a0 = a0At(t, b, n);
      return (signed ? a0 - (1 - a0) : a0) * before.get(b, n) + (1 - a0) * z.get(t, b, H + n);
    });
    for (let b = 0; b < B; b++) for (let n = 0; n < H; n++) h.set(t, b, n, state.get(b, n));
  }
  return h;
}

describe('(27)', () => {
  const cell = minGru(false);
  test('u = σ(zu)', () => {
    expectClose(blockOfSteps(cell.gates, 0), valuesOf(blockOfSteps(cell.z, 0)).map(otherSigmoid));
  });
  test('j = zj', () => expectClose(blockOfSteps(cell.gates, 1), valuesOf(blockOfSteps(cell.z, 1))));
  test('a = 1-u; b = u*j', () =>
    expectClose(
      cell.h,
      statesFrom((t, b, n) => otherSigmoid(-cell.z.get(t, b, n)), cell, false),
    ));
});

describe('(28)', () => {
  test('a = 2·a₀ - 1, minGRU', () => {
    const cell = minGru(true);
    expectClose(
      cell.h,
      statesFrom((t, b, n) => otherSigmoid(-cell.z.get(t, b, n)), cell, true),
    );
  });
  test('a = 2·a₀ - 1, minLSTM', () => {
    const cell = minLstm(true);
    expectClose(cell.h, statesFrom(keptAt(cell.z), cell, true));
  });
});

/** f/(f+i) = 1/(1 + i/f) */
const keptAt = (z: Tensor) => (t: number, b: number, n: number) =>
  1 / (1 + otherSigmoid(z.get(t, b, n)) / otherSigmoid(z.get(t, b, 2 * H + n) + BIAS));

describe('(29)', () => {
  const cell = minLstm(false);
  test('i = σ(zi)', () => {
    expectClose(blockOfSteps(cell.gates, 0), valuesOf(blockOfSteps(cell.z, 0)).map(otherSigmoid));
  });
  test('j = zj', () => expectClose(blockOfSteps(cell.gates, 1), valuesOf(blockOfSteps(cell.z, 1))));
  test('f = σ(zf + forgetBias)', () => {
    const f = valuesOf(blockOfSteps(cell.z, 2)).map((value) => otherSigmoid(value + BIAS));
    expectClose(blockOfSteps(cell.gates, 2), f);
  });
  test('a = f/(f+i); b = i/(f+i)*j', () => expectClose(cell.h, statesFrom(keptAt(cell.z), cell, false)));
  test('a = f/(f+i) far below 0', () => {
    const low = zeros([T, B, H], 'f64');
    const gates = copyOf(cell.z);
    for (let t = 0; t < T; t++)
      for (let b = 0; b < B; b++)
        for (let n = 0; n < H; n++)
          for (const k of [0, 2]) gates.set(t, b, k * H + n, cell.z.get(t, b, k * H + n) - 1000);
    minLstmForward(low, gates, cell.hPrev, BIAS, false, false);
    // there σ(z) is eᶻ, so f/(f+i) = 1/(1 + exp(zi - zf - forgetBias))
    const a0At = (t: number, b: number, n: number) =>
      1 / (1 + Math.exp(cell.z.get(t, b, n) - cell.z.get(t, b, 2 * H + n) - BIAS));
    expectClose(low, statesFrom(a0At, cell, false));
  });
});

/** The gradients of the gates of a cell, one after another, and in reverse all of them. */
function testGates(
  cellOf: (signed: boolean, reverse?: boolean) => ReturnType<typeof minCell>,
  gates: readonly string[],
): void {
  const unsigned = cellOf(false);
  test.each(gates.map((gate, k) => [gate, k] as const))('%s: numeric derivative', (_, k) => {
    expectClose(blockOfSteps(unsigned.dz, k), blockOfSteps(numericOf(unsigned.z, unsigned.loss), k));
  });
  test('in reverse: numeric derivative', () => {
    const { dz, z, dhPrev, hPrev, loss } = cellOf(false, true);
    expectClose(dz, numericGradient(z, loss));
    expectClose(dhPrev, numericGradient(hPrev, loss));
  });
}

describe('(27′)', () => {
  testGates(minGru, ['dzu = (db*j - da₀)*u*(1-u)', 'dzj = db*u']);
});
describe('(29′)', () => {
  testGates(minLstm, ['dzi', 'dzj = db*(1-a₀)', 'dzf']);
});

describe('(28′)', () => {
  test.each([
    ['minGRU', minGru],
    ['minLSTM', minLstm],
  ] as const)('da₀ = 2·da, %s: numeric derivative', (_, cellOf) => {
    const { dz, z, dhPrev, hPrev, loss } = cellOf(true);
    expectClose(dz, numericGradient(z, loss));
    expectClose(dhPrev, numericGradient(hPrev, loss));
  });
});
