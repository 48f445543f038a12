/** Small gradients and large inputs: what a check accepts follows from the rounding that it measured. */
import { tensorFrom } from '../../src/core/tensor.js';
import { checkGradients } from '../../src/equations/gradcheck.js';
import type { GradientCheck } from '../../src/equations/gradcheck-problem.js';
import { gradientText } from '../../src/equations/gradcheck-report.js';

const reportOf = async (check: GradientCheck) => (await checkGradients(check))[0];
const { fround } = Math;

describe('a small gradient in f32', () => {
  const rows = Float32Array.from({ length: 12_000 }, (_, n) => fround(Math.sin(n)));
  const softplusMean = (w: Float32Array): number =>
    fround(rows.reduce((sum, row) => fround(sum + Math.log1p(Math.exp(row * w[0]))), 0) / rows.length);
  const gradient = (w: Float32Array): number =>
    rows.reduce((sum, row) => sum + row / (1 + Math.exp(-row * w[0])), 0) / rows.length;

  test('zeros for a mean of softplus over 12,000 rows are not accepted', async () => {
    const w = Float32Array.of(0.5);
    const check = { inputs: { w }, precision: 'f32', loss: () => softplusMean(w) } as const;
    const right = await reportOf({ ...check, gradients: () => ({ w: Float32Array.of(gradient(w)) }) });
    expect(right).toMatchObject({ ok: true, unseen: 0, constant: 0 });
    expect(await reportOf({ ...check, gradients: () => ({ w: [0] }) })).toMatchObject({ ok: false });
  });

  test('20 rows of 12 million are too small to check: the right gradient as much as another', async () => {
    const x = Float32Array.from(rows.subarray(0, 20));
    const loss = (): number => fround(0.8 + x.reduce((sum, value) => sum + Math.log1p(Math.exp(value)), 0) / 12e6);
    const right = (): Float32Array => x.map((value) => 1 / (1 + Math.exp(-value)) / 12e6);
    for (const gradients of [() => ({ x: right() }), () => ({ x: right().fill(1e-9) })]) {
      const report = await reportOf({ inputs: { x }, precision: 'f32', loss, gradients });
      expect(report).toMatchObject({ ok: false, unseen: 20 });
      expect(report.cause).toMatch(
        /^The gradient of x is too small to check: its largest numbers are backward \S+ and numeric \S+, and the check sees gradients above \S+, because smaller ones are within the rounding of the loss in f32\. Take f64, a larger step, other inputs, or a loss in which x counts for more\.$/,
      );
    }
  });

  test('a mean cross-entropy scaled by 1e-3, whose gradient is 1,000 times too small', async () => {
    const logits = Float32Array.from({ length: 12 }, (_, n) => fround(Math.cos(3 * n)));
    const labels = [0, 2, 1, 1];
    const probabilities = (row: number): number[] => {
      const powers = Array.from(logits.subarray(3 * row, 3 * row + 3), Math.exp);
      return powers.map((power) => power / powers.reduce((sum, one) => sum + one, 0));
    };
    const loss = (): number =>
      labels.reduce((sum, label, row) => fround(sum - fround(Math.log(probabilities(row)[label]) / 4000)), 0);
    const right = labels.flatMap((label, row) => probabilities(row).map((p, k) => (p - (k === label ? 1 : 0)) / 4000));
    const check = { inputs: { logits }, precision: 'f32', loss } as const;
    expect(await reportOf({ ...check, gradients: () => ({ logits: right }) })).toMatchObject({ ok: true, unseen: 0 });
    for (const factor of [1e-3, 0, 2, -1]) {
      const report = await reportOf({ ...check, gradients: () => ({ logits: right.map((one) => factor * one) }) });
      expect(report).toMatchObject({ ok: false, unseen: 0 });
    }
  });
});

describe('a small gradient in f64', () => {
  test.each([1e-6, 1e-10, 1e-14, 1e-100])('scaled by %p, the loss shows a wrong gradient as before', async (scale) => {
    const x = Float64Array.of(0.3, -0.2);
    const check = { inputs: { x }, loss: () => scale * Math.sin(x[0]) * Math.exp(x[1]) };
    const right = (): number[] => [
      scale * Math.cos(x[0]) * Math.exp(x[1]),
      scale * Math.sin(x[0]) * Math.exp(x[1]), //
    ];
    expect(await reportOf({ ...check, gradients: () => ({ x: right() }) })).toMatchObject({ ok: true, unseen: 0 });
    for (const factor of [0, 1.001, -1])
      expect(await reportOf({ ...check, gradients: () => ({ x: right().map((one) => factor * one) }) })).toMatchObject({
        ok: false,
      });
  });

  test('a tensor with unseen elements alone is not accepted; one with some is, and the report counts them', async () => {
    const [a, b] = [Float64Array.of(0.5), Float64Array.of(0.5, 0.25)];
    const check: GradientCheck = {
      inputs: { a, b },
      loss: () => 1 + 1e-17 * Math.sin(a[0]) + b[0] ** 2 + 1e-17 * Math.sin(b[1]),
      gradients: () => ({ a: [1e-17 * Math.cos(a[0])], b: [2 * b[0], 1e-17] }),
    };
    const reports = await checkGradients(check);
    expect(reports).toMatchObject([
      { ok: false, unseen: 1 },
      { ok: true, unseen: 1 },
    ]);
    expect(reports[0].cause).toMatch(/^The gradient of a is too small to check: .* in f64\. Take a larger step, /);
    const text = gradientText(reports, 1e-7);
    expect(text).toContain('TOO SMALL to check: element 0: backward 8.');
    expect(text).toMatch(/ok, but 1 of 2 unseen: below \S+e-1[23]$/m);
    expect(text).toMatch(/^The gradient of a is too small to check: /m);
  });

  test('the loss does not change at all: an unused row of an embedding, and a dead unit, are right with 0 alone', async () => {
    const table = tensorFrom([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], [3, 2], 'f64');
    const dead = Float64Array.of(-2);
    const check = {
      inputs: { table, dead },
      loss: () => table.get(0, 0) * table.get(2, 1) + table.get(0, 1) * table.get(2, 0) + Math.max(dead[0], 0),
    };
    const right = [0.6, 0.5, 0, 0, 0.2, 0.1];
    const reports = await checkGradients({ ...check, gradients: () => ({ table: right, dead: [0] }) });
    expect(reports).toMatchObject([
      { ok: true, constant: 2, unseen: 0 },
      { ok: true, constant: 1, unseen: 0 },
    ]);
    expect(gradientText(reports, 1e-7)).toContain('ok: the loss does not change with it');
    const wrong = await checkGradients({ ...check, gradients: () => ({ table: right, dead: [1e-9] }) });
    expect(wrong).toMatchObject([{ ok: true }, { ok: false }]);
  });
});

describe('large inputs', () => {
  const since1970 = Float64Array.of(1.7e12, 1.69e12, 1.6e12); // ms: the next number is 2.4e-4 away
  const slope = 1e-9;
  const loss = (): number => since1970.reduce((sum, time) => sum + Math.sin(slope * (time - 1.65e12)), 0);
  const right = (): Float64Array => since1970.map((time) => slope * Math.cos(slope * (time - 1.65e12)));

  test('milliseconds since 1970 in f64: the right gradient is accepted; 0, 1.024 times and -1 times are not', async () => {
    const scaled = { inputs: { since1970 }, loss: () => 1e9 * loss() };
    const times = (factor: number) => () => ({ since1970: right().map((one) => 1e9 * factor * one) });
    expect(await reportOf({ ...scaled, gradients: times(1) })).toMatchObject({ ok: true, unseen: 0 });
    for (const factor of [0, 1.024, -1])
      expect(await reportOf({ ...scaled, gradients: times(factor) })).toMatchObject({ ok: false });
  });

  test.each([1e4, 1e6, 3e7])('inputs of f32 near %p', async (size) => {
    const x = Float32Array.of(size, 1.3 * size, -size);
    const wave = (value: number): number => Math.sin(value / size);
    const check = {
      inputs: { x },
      precision: 'f32',
      loss: () => fround(x.reduce((sum, value) => fround(sum + fround(size * wave(value))), 0) / 1),
    } as const;
    const times = (factor: number) => () => ({ x: x.map((value) => factor * Math.cos(value / size)) });
    const report = await reportOf({ ...check, gradients: times(1), step: size / 64 });
    expect(report).toMatchObject({ ok: true, unseen: 0 });
    for (const factor of [0, 1.1, -1])
      expect(await reportOf({ ...check, gradients: times(factor), step: size / 64 })).toMatchObject({ ok: false });
    const zero = await reportOf({ ...check, gradients: times(0) });
    expect(zero.ok).toBe(false); // also with the usual step
  });

  test.each([1e14, 1e200])('0 is no gradient of Σ x/%p', async (size) => {
    const x = Float64Array.of(size, 2 * size);
    const check = { inputs: { x }, loss: () => x[0] / size + (3 * x[1]) / size };
    expect(await reportOf({ ...check, gradients: () => ({ x: [0, 0] }) })).toMatchObject({ ok: false });
    expect(await reportOf({ ...check, gradients: () => ({ x: [1 / size, 3 / size] }) })).toMatchObject({
      cause: undefined,
    });
  });

  test.each([Infinity, -Infinity, Number.MAX_VALUE])('an input of %p cannot move', async (value) => {
    const x = Float64Array.of(1, value);
    await expect(checkGradients({ inputs: { x }, loss: () => x[0], gradients: () => ({ x: [1, 0] }) })).rejects.toThrow(
      `gradcheck: input x[1] is ${value}: no step from there stays finite; give inputs nearer to 0`,
    );
    expect([...x]).toEqual([1, value]);
  });
});
