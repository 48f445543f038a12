/** `longhand train --classify`, and `eval`, `predict` and `inspect` of what it writes: what they print, write and refuse. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { motion } from '../../docs/motion.mjs';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { linesOf } from '../helpers/longhand-process.js';
import { jsonLinesOf, jsonOf, longhand, misused, refused, start, words } from '../helpers/longhand.js';
import { folder, inFolder, linesInFolder } from '../helpers/temporary-directories.js';

const read = (name: string): string => readFileSync(inFolder(name), 'utf8');

const LINES = [...motion({ persons: 5, bouts: 1, seconds: 1 })];
const DATA = linesInFolder('motion.csv', LINES);
const INPUTS = words`--classify activity --inputs ax,ay,az`;
const COLUMNS = words`${INPUTS} --time time --group person`;
const TINY = words`--window 16 --hidden 2 --batch-size 8 --training-iters 64 --threads 1`;
const trainOn = (data: string): string[] => words`train --data ${data} ${COLUMNS} ${TINY} --validate-every 3 --seeds 2`;
const FROM = trainOn(DATA);
const CHECKPOINT = inFolder('run.safetensors');
/** A table whose lines are changed. */
const changed = (name: string, change: (line: string, n: number) => string): string =>
  linesInFolder(name, LINES.map(change));
/** The tables' last column is the class. */
const withoutClass = (line: string): string => line.slice(0, line.lastIndexOf(','));

let first: Awaited<ReturnType<typeof longhand>>;
beforeAll(async () => {
  first = await longhand([...FROM, '--checkpoint', CHECKPOINT]);
});

interface Report {
  readonly looks: number;
  readonly test: readonly string[];
  readonly windows: number;
  readonly accuracy: number;
  readonly confusion: readonly (readonly number[])[];
  readonly classes: readonly { readonly recall: number | null }[];
}
const reported = (): Report => JSON.parse(read('run.report.json')) as Report;

describe('longhand train --classify', () => {
  test('prints the accuracy beside those of the baselines, and each class', () => {
    expect(first.code).toBe(0);
    const lines = linesOf(first.stdout);
    expect(lines[0]).toMatch(/^Accuracy on the test part, p0\d, \d+ windows:$/);
    expect(lines.map((line) => line.trim().replace(/ {2,}.*/, '')).slice(1)).toEqual([
      expect.stringMatching(/^the most frequent class \(\w+\)$/),
      'logistic regression on means and deviations',
      'logistic regression on the steps',
      '1-NN, Euclidean distance',
      '1-NN, dynamic time warping (band 10%)',
      'network, each of 2',
      'network, mean of the probabilities',
      '',
      ...['class', 'cycling', 'running', 'standing', 'walking'],
      '',
      'Confusion matrix. Rows: the class of the window; columns: the predicted class.',
      ...['cycling', 'cycling', 'running', 'standing', 'walking'],
    ]);
    expect(first.stdout).not.toMatch(/NaN|undefined|Infinity/);
    expect(first.stderr).toContain(
      `${DATA}: ${LINES.length - 1} rows, 5 groups, 0 gaps of time; classes: cycling, running, standing, walking\n`,
    );
    expect(first.stderr).toMatch(/\nwindows of 16 rows, one every 8: training \d+, validation \d+, test \d+\n/);
    expect(first.stderr).toMatch(/\nvalidation: p0\d; test: p0\d\ninputs: ax, ay, az\n/);
    expect(first.stderr).toMatch(/\nnetwork 2 of 2: seed 2; about \d s left\n/);
    expect(first.stderr).toMatch(
      /\nWARNING: the network (loses against|is no better than) .*: use that, or more data\n/,
    );
  });

  test('writes the classes of the test part, and a report that counts the looks at it', async () => {
    const lines = linesOf(read('run.test.csv')).map((line) => line.split(','));
    expect(lines[0]).toEqual(['group', 'from', 'to', 'class', 'predicted', 'probability']);
    const report = reported();
    expect([report.looks, report.windows]).toEqual([1, lines.length - 1]);
    const right = lines.slice(1).filter(([, , , truth, predicted]) => truth === predicted);
    expect(report.accuracy).toBeCloseTo(right.length / report.windows, 12);
    for (const [group, from, to, , , probability] of lines.slice(1)) {
      expect(report.test).toContain(group);
      expect(Number(to) - Number(from)).toBeCloseTo(15 / 50, 9);
      expect(Number(probability)).toBeGreaterThan(0);
    }
    const total = report.confusion.flat().reduce((sum, count) => sum + count, 0);
    expect([total, report.classes.length]).toEqual([report.windows, 4]);

    // further looks: at the run that has ended, and by eval
    const [bytes, table] = [readFileSync(CHECKPOINT), read('run.test.csv')];
    for (const [n, args] of [
      ['train', '--resume', CHECKPOINT],
      ['eval', CHECKPOINT],
    ].entries()) {
      const again = await longhand([...args, '--data', DATA, '--threads', '1']);
      expect([again.code, again.stdout]).toEqual([0, first.stdout]);
      expect(again.stderr).toContain(`the test part has been looked at ${n + 2} times`);
      expect([readFileSync(CHECKPOINT), read('run.test.csv')]).toEqual([bytes, table]);
    }
    expect({ ...reported(), looks: 1 }).toEqual(report);
    const other = inFolder('other.safetensors');
    const copied = await longhand(words`train --resume ${CHECKPOINT} --data ${DATA} --checkpoint ${other} --threads 1`);
    expect(copied.code).toBe(0);
    expect([readFileSync(other), read('other.test.csv')]).toEqual([bytes, table]);
    const json = jsonLinesOf(await longhand(['eval', CHECKPOINT, '--data', DATA, '--json', '--threads', '1']));
    const { looks, test: part, ...others } = report;
    expect([json, looks, part.length]).toEqual([[{ event: 'test', ...others }], 1, 1]);
  });

  test('continues an interrupted run to the same bytes', async () => {
    const checkpoint = inFolder('stopped.safetensors');
    const run = start([...FROM, '--checkpoint', checkpoint, '--checkpoint-every', '2']);
    await run.stderr.has('network 2 of 2');
    run.interrupt('SIGINT');
    expect(await run.code).toBe(130);
    expect(run.stderr.text).toContain(
      `the run is saved: npm run -s longhand -- train --resume ${checkpoint} --data ${DATA} continues it`,
    );
    for (const args of [
      ['eval', checkpoint, '--data', DATA],
      ['predict', checkpoint, DATA],
    ])
      expect(await refused(args)).toContain('its training has not ended: npm run -s longhand -- train --resume');
    const resumed = await longhand(['train', '--resume', checkpoint, '--data', DATA, '--threads', '1']);
    expect([resumed.code, resumed.stdout]).toEqual([0, first.stdout]);
    expect(readFileSync(checkpoint)).toEqual(readFileSync(CHECKPOINT));
    const other = changed('changed.csv', (line, n) => (n === 40 ? line.replace(/,[^,]*,/, ',0.5,') : line));
    expect((await longhand(words`train --resume ${checkpoint} --data ${other}`)).code).toBe(1);
  });

  test.each<[string, string[], string]>([
    ['rows without groups and times', [], 'validation: rows '],
    ['a network in both directions', ['--bidirectional'], 'backend'],
    ['epochs', ['--epochs', '1'], 'backend'],
    ['patience', ['--validate-every', '1', '--patience', '1'], 'backend'],
    ['a longer stride than a window', ['--stride', '20', '--batch-size', '2'], 'one every 20'],
    ['a long validation', ['--validate-every', '1000'], 'it ends without a validation'],
  ])('accepts %s', async (name, more, note) => {
    // five persons one after another: every part has all classes
    const rows = name.startsWith('rows') ? INPUTS : COLUMNS;
    const tiny = name === 'epochs' ? TINY.filter((flag) => !/training-iters|^64$/.test(flag)) : TINY;
    const run = await longhand(['train', '--data', DATA, ...rows, ...tiny, '--seeds', '1', ...more, '--json']);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain(note);
    expect(jsonLinesOf(run)).toEqual([expect.objectContaining({ event: 'test', networks: [expect.any(Number)] })]);
  });

  const RESUMED = words`train --data ${DATA} --resume ${CHECKPOINT}`;

  test.each<[string, string[], string]>([
    ['--window without --classify', ['train', '--window', '8'], '--window needs --classify'],
    ['--group without --classify', ['train', '--predict', 'x', '--group', 'y'], '--group needs --classify'],
    ['--inputs alone', ['train', '--inputs', 'x'], '--inputs needs --predict or --classify'],
    ['--ahead without --predict', ['train', '--ahead', '3'], '--ahead needs --predict\n'],
    ['no data', ['train', ...COLUMNS], '--classify needs --data, a CSV, TSV or NDJSON file'],
    ['no inputs', words`train --data ${DATA} --classify activity`, '--classify needs --inputs, the columns to read'],
    ['--predict too', [...FROM, '--predict', 'ax'], '--classify cannot be used with --predict: choose one'],
    ...[
      ...words`--ahead=3 --known=ax --holidays=US --fill=previous --season=7 --together --interval=0.5 --program=p.mjs`,
      ...words`--task=adding --history=${inFolder('h.csv')} --best=${inFolder('b')} --shift=1 --loss=huber`,
    ].map((flag): [string, string[], string] => {
      const [name] = flag.split('=');
      return [name, [...FROM, flag], `${name} cannot be used with --classify`];
    }),
    ['a column twice', [...FROM, '--group', 'activity'], 'the column "activity" is named twice'],
    ['--test without groups', words`train --data ${DATA} ${INPUTS} --test a`, '--test needs --group with --classify'],
    ['--test of an input', [...FROM, '--test', 'ax=1'], 'the column "ax" is named twice'],
    ['--window 1', [...FROM, '--window', '1'], '--window'],
    ['--stride 0', [...FROM, '--stride', '0'], '--stride'],
    ['options that contradict each other', [...FROM, '--dropout', '0.5'], 'dropout 0.5: must be 0 with one layer'],
    ['the checkpoint as data', [...FROM, '--checkpoint', DATA], 'are the same file'],
    [
      'the table of the test part as data',
      words`train --data ${inFolder('x.test.csv')} ${COLUMNS} --checkpoint ${inFolder('x.safetensors')}`,
      'the classes of the test part',
    ],
    ['--resume with --classify', [...RESUMED, ...COLUMNS], '--classify cannot be changed with --resume'],
    ['--resume with another network', [...RESUMED, '--hidden', '8'], '--hidden cannot be changed with --resume'],
    ['--resume with other windows', [...RESUMED, '--window', '8'], '--window needs --classify'],
    [
      '--resume with a history',
      words`${RESUMED} --history ${inFolder('h.csv')}`,
      '--history cannot be used with a checkpoint of',
    ],
    ['a set in eval', ['eval', CHECKPOINT, '--data', DATA, '--set', 'train'], '--set cannot be used with a classifier'],
    ['a text in eval', ['eval', CHECKPOINT, '--text', DATA], '--text cannot be used with a classifier'],
    ['what eval writes as its data', ['eval', CHECKPOINT, '--data', inFolder('run.test.csv')], 'are the same file'],
    ...['--first=1', '--rows', '--invert', '--fit'].map((flag): [string, string[], string] => [
      `${flag} for a table`,
      ['predict', CHECKPOINT, DATA, flag],
      `${flag.replace(/=.*/, '')} is for images`,
    ]),
  ])('refuses %s', async (_, args, message) => {
    const before = readdirSync(folder);
    expect(await misused(args)).toContain(message);
    expect(readdirSync(folder)).toEqual(before);
  });

  // test/data/table.test.ts and test/classify have the other faults of tables
  test.each<[string, readonly string[], string]>([
    [
      'one class',
      LINES.map((line) => line.replace(/,(walk|runn|cycl)ing$/, ',standing')),
      'activity has only the value "standing"',
    ],
    [
      'few windows',
      LINES.slice(0, 1).concat(LINES.slice(1).filter((_, n) => n % 200 < 24)),
      'reduce --batch-size or --stride',
    ],
  ])('refuses data with %s', async (_, lines, message) => {
    const file = linesInFolder('bad.csv', lines);
    const before = readdirSync(folder);
    const run = await longhand([...trainOn(file), '--checkpoint', inFolder('new.safetensors')]);
    expect(run.stderr).toContain(message);
    expect([run.code, run.stdout]).toEqual([1, '']);
    expect(run.stderr.trim().split('\n').at(-1)).toMatch(/^longhand: /);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe('recordings with one class each', () => {
  /** Rows of 12 to 20 numbers that rise or fall, with the part of each recording. */
  const lines = Array.from({ length: 20 }, (_, n) =>
    Array.from(
      { length: 12 + (n % 9) },
      (__, t) => `r${n},${n < 4 ? 'test' : ''},${n % 2 ? t : -t},${n % 2 ? 'up' : 'down'}`,
    ),
  ).flat();
  const data = linesInFolder('lengths.csv', ['id,part,x,way', ...lines]);
  const from = words`train --data ${data} --classify way --inputs x --group id --hidden 2 --batch-size 4 --training-iters 400 --seeds 1 --threads 1`;
  const checkpoint = inFolder('lengths.safetensors');

  test('have one verdict each, in the report and in predict, and the test part that --test names', async () => {
    const run = await longhand([...from, ...words`--test part=test --checkpoint ${checkpoint}`]);
    expect(run.code).toBe(0);
    expect(run.stderr).toContain('windows of 20 rows, one every 10: training 12, validation 4, test 4\n');
    expect(linesOf(run.stdout)[0]).toBe('Accuracy on the test part, r0, r1, r2, r3, 4 groups, 4 windows:');
    expect(run.stdout).toMatch(/\nclass {2}groups {2}right {2}recall\n/);
    expect(run.stdout).toContain('Rows: the class of the group; columns');
    const table = linesOf(read('lengths.test.csv')).map((line) => line.split(','));
    expect(table.map(([group, begin, end]) => [group, begin, end])).toEqual([
      ['group', 'from', 'to'],
      ['r0', '1', '12'],
      ['r1', '13', '25'],
      ['r2', '26', '39'],
      ['r3', '40', '54'],
    ]);
    const predicted = linesOf((await longhand(['predict', checkpoint, data, '--threads', '1'])).stdout);
    expect(predicted).toHaveLength(20);
    for (const [n, line] of predicted.entries())
      expect(line).toMatch(new RegExp(`^r${n}, \\d+ … \\d+: (up|down) \\(\\d\\.\\d{4}\\)$`));
    expect((await longhand(['inspect', checkpoint])).stdout).toMatch(/\nverdicts +one for each group\n/);
    const again = await longhand(words`train --resume ${checkpoint} --data ${data} --threads 1`);
    expect([again.code, again.stdout]).toEqual([0, run.stdout]);
  });

  test('are tested by a list of them; another list is refused', async () => {
    const run = await longhand([...from, ...words`--test r7,r2 --json`]);
    expect(jsonLinesOf(run)).toEqual([expect.objectContaining({ event: 'test', groups: 2 })]);
    expect(run.stderr).toContain('test: r2, r7\n');
    expect(await refused([...from, '--test', 'r7,x'])).toContain('lengths.csv: id is never "x": it is r0, r1');
    expect(await refused([...from, '--test', 'art=test'])).toContain('art');
  });
});

describe('longhand predict of a classifier', () => {
  const predict = (...args: readonly string[]): ReturnType<typeof longhand> =>
    longhand(['predict', CHECKPOINT, '--threads', '1', ...args]);

  test('reads a table without classes, and says the class of each window', async () => {
    const table = changed('new.csv', withoutClass);
    const { code, stdout, stderr } = await predict(table);
    expect([code, stderr]).toEqual([0, '']);
    const lines = linesOf(stdout);
    for (const line of lines)
      expect(line).toMatch(/^p0\d, [\d.]+ … [\d.]+: (cycling|running|standing|walking) \(0\.\d{4}\)$/);
    expect((await predict(DATA)).stdout).toBe(stdout);
    // the windows of the test part are those of the report
    const tested = linesOf(read('run.test.csv'))
      .slice(1)
      .map((line) => line.split(','));
    for (const [group, from, to, , predicted, probability] of tested)
      expect(lines).toContain(`${group}, ${from} … ${to}: ${predicted} (${Number(probability).toFixed(4)})`);
    const json = jsonLinesOf(await predict(table, '--json')) as {
      readonly [name: string]: unknown;
      readonly probabilities: Readonly<Record<string, number>>;
    }[];
    expect(json).toHaveLength(lines.length);
    const [{ group, from, to, label, probability, probabilities }] = json;
    expect(
      `${String(group)}, ${String(from)} … ${String(to)}: ${String(label)} (${Number(probability).toFixed(4)})`,
    ).toBe(lines[0]);
    expect(Object.keys(probabilities)).toEqual(['cycling', 'running', 'standing', 'walking']);
    expect(probabilities[String(label)]).toBe(probability);
    expect(Object.values(probabilities).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
  });

  test('reads several tables, and says which has no window', async () => {
    const short = linesInFolder('short.csv', LINES.slice(0, 16));
    const { code, stdout, stderr } = await predict(short, DATA);
    expect([code, stderr]).toEqual([0, `${short}: no window: 16 rows never follow one another\n`]);
    for (const line of linesOf(stdout)) expect(line.startsWith(`${DATA}, p0`)).toBe(true);
  });

  test('refuses tables that lack the training part or have too large numbers, and other commands than its own', async () => {
    expect(await refused(['eval', CHECKPOINT])).toContain('is a classifier: name its table with --data');
    const [, group] = /test: (p0\d)/.exec(first.stderr) ?? [];
    const training = ['p01', 'p02', 'p03', 'p04', 'p05'].filter(
      (one) => one !== group && !first.stderr.includes(`validation: ${one}`),
    );
    const kept = LINES.filter((line) => !line.startsWith(training[1]));
    const lacking = linesInFolder('lacking.csv', kept);
    expect(await refused(['eval', CHECKPOINT, '--data', lacking])).toContain(
      `lacking.csv: does not have the training part that the classifier was trained with, ${training.join(', ')}: ${training[1]} missing`,
    );
    expect(await refused(['forecast', CHECKPOINT, '--data', DATA])).toContain('is not the checkpoint of a forecaster');
    const at = LINES[0].split(',').indexOf('ax');
    const large = changed('large.csv', (line, n) => (n === 5 ? line.replace(line.split(',')[at], '3.3e38') : line));
    expect(await refused(['predict', CHECKPOINT, large])).toContain('a number of the table is 3.3e+38, which is ');
  });

  test('eval refuses another table with the same groups, and keeps the report of the training', async () => {
    const before = ['run.report.json', 'run.test.csv'].map(read);
    const other = linesInFolder('another.csv', [...motion({ persons: 5, bouts: 1, seconds: 1, seed: 8 })]);
    expect(await refused(['eval', CHECKPOINT, '--data', other])).toMatch(
      /another\.csv: is not the table of the training: in its training part, p0\d, p0\d, p0\d, or its validation part, p0\d, activity or the gaps between rows differ\n$/,
    );
    expect(['run.report.json', 'run.test.csv'].map(read)).toEqual(before);
  });

  test('shows texts of the table without control characters, and quotes them in the file', async () => {
    const table = changed('odd.csv', (line) =>
      line.replace(/,walking$/, ',"a ""walk"", \u001b[31mred"').replace(/^p0(\d)/, '"p,$1\u0007"'),
    );
    const checkpoint = inFolder('odd.safetensors');
    const run = await longhand(words`${trainOn(table)} --seeds 1 --checkpoint ${checkpoint}`);
    expect(run.code).toBe(0);
    const shown = await longhand(['predict', checkpoint, table, '--threads', '1']);
    const looked = await longhand(['inspect', checkpoint]);
    for (const text of [run.stdout, run.stderr, shown.stdout, looked.stdout]) {
      // eslint-disable-next-line no-control-regex -- these must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    }
    for (const cell of ['\u0007",', '\n"p,', ',"a ""walk"", \u001b[31mred",'])
      expect(read('odd.test.csv')).toContain(cell);
  });
});

describe('one network of a classifier', () => {
  test('is named FILE#NAME', async () => {
    const { classNames } = loadCheckpoint(`${CHECKPOINT}#seed-2`).model.network;
    expect(classNames).toEqual(words`cycling running standing walking`);
    const { code } = await longhand(['export', `${CHECKPOINT}#seed-1`, '--to', 'safetensors-pytorch', '--json']);
    expect([code, existsSync(inFolder('run.seed-1.pytorch.safetensors'))]).toEqual([0, true]);
    expect(await refused(['sample', CHECKPOINT])).toContain('holds several networks');
  });
});

describe('longhand inspect', () => {
  test('says what a classifier is', async () => {
    expect(jsonOf(await longhand(words`inspect ${CHECKPOINT} --json`))).toHaveProperty('contents', {
      classifier: 'of activity: cycling, running, standing, walking',
      reads: 'time, person, ax, ay, az',
      windows: 'of 16 rows, one every 8',
      'test part': reported().test.join(', '),
      networks: 'seed-1, seed-1-training, seed-2, seed-2-training',
      training: 'has ended',
    });
    expect((await longhand(['inspect', CHECKPOINT])).stdout).toMatch(/^classifier {2}of activity: cycling/);
  });

  test('shows the tensors of a damaged one all the same', async () => {
    const [bytes, damaged] = [readFileSync(CHECKPOINT), inFolder('damaged.safetensors')];
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(damaged, bytes);
    const { code, stdout, stderr } = await longhand(['inspect', damaged]);
    expect([code, stdout.startsWith('classifier')]).toEqual([1, false]);
    expect(stdout).toContain('seed-2/kernel');
    expect(stderr).toBe(`longhand: ${damaged}: damaged: its checksum does not match its contents\n`);
  });
});
