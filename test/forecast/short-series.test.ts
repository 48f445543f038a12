/** Series that are so short that a batch is all windows of a network: of the stage that has fewer. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { DataError } from '../../src/core/errors.js';
import { tableOf } from '../../src/data/table.js';
import { assertBatchFits, fewestWindows, fittedOptions, trainStages } from '../../src/forecast/stages.js';
import type { Stage } from '../../src/forecast/plan.js';
import { membersOf, STAGES, trainEnd } from '../../src/forecast/plan.js';
import { planOf } from '../../src/forecast/planning.js';
import { choicesOf } from '../../src/forecast/request.js';
import { seriesOf, wantedColumns } from '../../src/forecast/series.js';
import { readingOf, windowExamples } from '../../src/forecast/windows.js';
import { trainForecaster } from '../../src/index.js';
import { failureOf } from '../helpers/failures.js';

const file = path.resolve(import.meta.dirname, '../../docs/passengers.csv');
const ROWS = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split(','))
  .map(([month, passengers]) => ({ month, passengers }));

const request = (ahead: readonly number[]) => ({ time: 'month', predict: 'passengers', ahead });

/** The first `count` months, the plan of their forecaster, and the windows from which a network of it learns. */
function months(count: number, ahead: readonly number[]) {
  const choices = choicesOf('train', request(ahead));
  const series = seriesOf(tableOf('rows', ROWS.slice(0, count), wantedColumns(choices.columns)), choices.columns);
  const plan = planOf('rows', series, choices, undefined);
  const windows = (group: readonly number[], stage: Stage): number =>
    windowExamples(readingOf(series, plan.inputs, undefined, group), plan.T, trainEnd(plan, group, stage)).count;
  return { series, plan, windows };
}

test.each([[[1]], [[3]], [[6]], [[1, 12]]])('the default batch fits both stages, %j ahead', (ahead) => {
  const batches = new Set<number>();
  for (let count = 71; count <= 100; count++) {
    const { plan, windows } = months(count, ahead);
    const counts = STAGES.flatMap((stage) => membersOf(plan, stage).map((one) => windows(one.ahead, stage)));
    const { batchSize, trainingIters } = fittedOptions(plan, {});
    expect([count, batchSize]).toEqual([count, Math.min(64, ...counts)]);
    const passes = Math.min(96_000, 100 * Math.min(...counts)); // of batches of 64, as of smaller ones
    expect(trainingIters).toBe(Math.ceil((passes * batchSize) / 64));
    batches.add(batchSize);
  }
  expect(batches.size).toBeGreaterThan(5);
});

test('a short series is trained with the default batch', async () => {
  const backend = createReferenceBackend();
  const steps: number[] = [];
  // 35 windows for the calibration, and 33 for the forecasts
  const options = { hidden: 1, trainingIters: 2 * 33 }; // one step
  await trainForecaster(backend, ROWS.slice(0, 86), { ...request([1]), seeds: 1, method: 'network' }, options, {
    onStep: (step) => steps.push(step),
  });
  expect(steps).toEqual([1, 1]);
});

test('a batch that is too large for either stage is refused before any training', async () => {
  const backend = createReferenceBackend();
  const message = 'batch size 35: a network has only 33 windows to learn from: choose at most as many';
  const { series, plan, windows } = months(86, [1]);
  expect(STAGES.map((stage) => windows([1], stage))).toEqual([35, 33]);
  const begun: string[] = [];
  const run = trainStages(
    backend,
    series,
    { ...fittedOptions(plan, { hidden: 1, trainingIters: 2 * 35 }), batchSize: 35 },
    { plan, networks: new Map() },
    {
      onNetwork: ({ name }) => begun.push(name),
    },
  );
  expect(await failureOf(run)).toEqual(new DataError(message));
  const inProgram = trainForecaster(
    backend,
    ROWS.slice(0, 86),
    request([1]),
    { batchSize: 35, hidden: 1, trainingIters: 2 * 35 },
    {
      onStep: () => begun.push('a step'),
    },
  );
  expect(await failureOf(inProgram)).toEqual(new DataError(message));
  expect(begun).toEqual([]);
  expect(fewestWindows(plan, ['final'])).toBe(33);
  expect(() => assertBatchFits(33, 33)).not.toThrow();
});
