/** Numbers of every size in the files of a forecaster, and files that lead to others. */
import { readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { Random } from '../../src/core/rng.js';
import { formatTime } from '../../src/data/times.js';
import { linesOf } from '../helpers/longhand-process.js';
import { jsonLinesOf, longhand } from '../helpers/longhand.js';
import { inFolder, linesInFolder } from '../helpers/temporary-directories.js';

const DAY = 86_400_000;
const START = Date.parse('2020-01-01T00:00Z');
const dateOf = (n: number): string => formatTime(START + n * DAY);

/** 160 days around `level`. */
function meter(level: number, size: number): string[] {
  const random = new Random(6);
  const rows = Array.from({ length: 160 }, (_, n) => `${dateOf(n)},${level + size * random.normal(0, 1)}`);
  return ['day,y', ...rows];
}

const TINY = ['--hidden', '4', '--training-iters', '640', '--seeds', '1', '--threads', '1'];
const FROM = ['train', '--time', 'day', '--predict', 'y', ...TINY];
const read = (name: string): Buffer => readFileSync(inFolder(name));

describe.each([
  ['large', 87654321, 5],
  ['tiny', 3e-12, 3e-13],
  ['vanishing', 1e-299, 1e-300],
])('of %s numbers', (name, level, size) => {
  const data = linesInFolder(`${name}.csv`, meter(level, size));
  const checkpoint = inFolder(`${name}.safetensors`);

  test('the file of the test part has the errors that are printed, and the forecasts those of JSON', async () => {
    const { code, stdout } = await longhand([...FROM, '--data', data, '--checkpoint', checkpoint]);
    expect(code).toBe(0);
    const report = JSON.parse(String(read(`${name}.report.json`))) as {
      horizons: { error: number; coverage: number; baselines: { error: number }[] }[];
    };
    const [{ error, coverage, baselines }] = report.horizons;
    const rows = linesOf(String(read(`${name}.test.csv`)))
      .slice(1)
      .map((line) => line.split(',').slice(2).map(Number));
    const mean = (of: (row: number[]) => number): number => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
    const near = (value: number): unknown => expect.closeTo(value / size, 5) as unknown;
    expect([mean(([y, forecast]) => Math.abs(y - forecast)) / size]).toEqual([near(error)]);
    expect(mean(([y, , low, high]) => Number(y >= low && y <= high))).toBeCloseTo(coverage, 12);
    expect(error).toBeLessThan(3 * Math.max(...baselines.map((one) => one.error)));
    expect(stdout).toMatch(/ the forecast +[\d.]*[1-9]/);

    const next = (flags: string[]) => longhand(['forecast', checkpoint, '--data', data, '--threads', '1', ...flags]);
    const cells = linesOf((await next([])).stdout)[1]
      .split(',')
      .slice(2)
      .map(Number);
    const [json] = jsonLinesOf(await next(['--json'])) as { forecast: number; low: number; high: number }[];
    expect(cells.map((cell) => cell / size)).toEqual([json.forecast, json.low, json.high].map(near));
    expect(cells[1]).toBeLessThan(cells[2]);
  });
});

test('eval does not write over its checkpoint, nor over its data, by a link', async () => {
  const [data, checkpoint] = [inFolder('large.csv'), inFolder('large.safetensors')];
  const before = read('large.safetensors');
  for (const [name, target] of [
    ['large.svg', checkpoint],
    ['large.test.csv', checkpoint],
    ['large.report.json', data],
    ['large.svg', inFolder('large.test.csv')],
  ]) {
    const kept = read(name);
    unlinkSync(inFolder(name));
    symlinkSync(target, inFolder(name));
    const { code, stdout, stderr } = await longhand(['eval', checkpoint, '--data', data, '--threads', '1']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('are the same file')]);
    unlinkSync(inFolder(name));
    writeFileSync(inFolder(name), kept);
  }
  expect(read('large.safetensors')).toEqual(before);
});

test('a run that has ended is written to another checkpoint, in place of what that held', async () => {
  const [data, checkpoint, other] = ['large.csv', 'large.safetensors', 'other.safetensors'].map(inFolder);
  writeFileSync(other, read('tiny.safetensors'));
  const args = ['train', '--resume', checkpoint, '--data', data, '--threads', '1'];
  for (const times of [1, 2]) {
    const { code, stderr } = await longhand([...args, '--checkpoint', other]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('looked at once')]);
    expect(read('other.safetensors')).toEqual(read('large.safetensors'));
    if (times === 1) expect(read('other.safetensors.previous')).toEqual(read('tiny.safetensors'));
  }
  expect(read('other.test.csv')).toEqual(read('large.test.csv'));
});
