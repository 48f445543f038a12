/** `longhand train --predict` and `longhand forecast`: what they print, write and refuse. */
import { jest } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Random } from '../../src/core/rng.js';
import { outputsBeside } from '../../src/cli/set-run.js';
import { formatTime } from '../../src/data/times.js';
import { forecastBytes, parseForecast } from '../../src/forecast/forecast-file.js';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { linesOf, runProcess } from '../helpers/longhand-process.js';
import { jsonLinesOf, jsonOf, longhand, misused, refused, start, words } from '../helpers/longhand.js';
import { folder, inFolder, linesInFolder } from '../helpers/temporary-directories.js';

const DAY = 86_400_000;
const START = Date.parse('1987-01-01T00:00Z');
const dateOf = (n: number): string => formatTime(START + n * DAY);
const NAMES = ['Thu', 'Fri', 'Sat', 'Sun', 'Mon', 'Tue', 'Wed'];
const COUNT = 210;

/** Sales with a week, up to `count`; `more` rows with the price alone. */
function sales(count = COUNT, more = 0): string[] {
  const random = new Random(4);
  const rows = Array.from({ length: count + more }, (_, n) => {
    const y = n < count ? (100 + 10 * (n % 7) + random.normal(0, 1)).toFixed(2) : '';
    return `${dateOf(n)},${y},${n < count ? NAMES[n % 7] : ''},${1 + (n % 10) / 10}`;
  });
  return ['date,sales,day,price', ...rows];
}
const read = (name: string): string => readFileSync(inFolder(name), 'utf8');
const DATA = linesInFolder('sales.csv', sales());
const TINY = words`--hidden 4 --training-iters 320 --seeds 1 --threads 1`;
const FROM = words`train --predict sales --time date --known day`;
const NETWORKS = words`--ahead 1,7 --method network`;
/** A line with another number of sales. */
const withSales = (line: string, sold: string): string => line.replace(/,[\d.]+,/, `,${sold},`);
const CHECKPOINT = inFolder('run.safetensors');

let first: Awaited<ReturnType<typeof longhand>>;
/** The checkpoint of that run, before anything looks at its test part again. */
let firstBytes: Buffer;
beforeAll(async () => {
  first = await longhand(words`${FROM} --data ${DATA} ${NETWORKS} ${TINY} --checkpoint ${CHECKPOINT}`);
  firstBytes = readFileSync(CHECKPOINT);
});

describe('longhand train --predict', () => {
  test('prints the errors beside those of the baselines', () => {
    expect(first.code).toBe(0);
    const [title, ...lines] = linesOf(first.stdout);
    const [table, verdicts] = [lines.slice(0, 14), lines.slice(14)];
    expect(title).toBe('Mean absolute error on the test part, 1987-07-09 … 1987-07-29, 21 steps:');
    expect(table.map((line) => line.trim().replace(/ {2,}.*/, ''))).toEqual([
      'steps ahead',
      'the last value',
      'the season before (7 steps)',
      'the mean of four seasons (7 steps)',
      'ridge regression',
      'ridge regression of logarithms',
      expect.stringMatching(/^ETS \(/),
      'the airline model (7 steps)',
      'with a network, each of 1',
      'the forecast',
      'its RMSE',
      'its MASE',
      'its pinball loss',
      'in the 90% interval',
    ]);
    for (const line of table.slice(1)) expect(line).toMatch(/\d/);
    for (const [n, ahead] of [1, 7].entries())
      expect(verdicts[n]).toMatch(
        new RegExp(
          `^${ahead} ahead, the forecast is .+, plus .*the correction of a network\\. Its mean error is .*% of the mean number, .* that of .*, the best simple`,
        ),
      );
    expect(first.stdout).not.toMatch(/NaN|undefined|Infinity/);
    expect(first.stderr).toContain(`${DATA}: 210 steps of 1 day, 1987-01-01 … 1987-07-29\n`);
    expect(first.stderr).toContain('seasons of 7 steps\n');
    expect(first.stderr).toContain(
      'training before 1987-06-18; validation 1987-06-18 … 1987-07-08; test 1987-07-09 … 1987-07-29\n',
    );
    expect(first.stderr).toMatch(/network 4 of 4, for the forecasts: 7 ahead, seed 1; about \d s left\n/);
    expect(first.stderr).toContain('WARNING: the test part has 21 numbers, so its errors are rough');
    expect(first.stderr).toMatch(
      /\n1 ahead, the mean error of .+ on the validation part is [\d.]+, with \d+% of the networks' corrections [\d.]+\n[^]*network 3 of 4/,
    );
    expect(first.stderr).toContain('the test part has been looked at once\n');
  });

  test('writes the forecasts of the test part, and a report that counts the looks at it', async () => {
    const lines = linesOf(read('run.test.csv'));
    expect(lines[0]).toBe('date,ahead,sales,forecast,low,high');
    expect(lines).toHaveLength(1 + 2 * 21);
    const truth = new Map(sales().map((line): [string, string] => [line.slice(0, 10), line.split(',')[1]]));
    const errors: Record<string, number> = { 1: 0, 7: 0 };
    for (const line of lines.slice(1)) {
      const [date, ahead, y, forecast, low, high] = line.split(',');
      expect(Number(y)).toBe(Number(truth.get(date)));
      expect(Number(low)).toBeLessThanOrEqual(Number(forecast));
      expect(Number(high)).toBeGreaterThanOrEqual(Number(forecast));
      errors[ahead] += Math.abs(Number(y) - Number(forecast)) / 21;
    }
    const report = JSON.parse(read('run.report.json')) as {
      looks: number;
      steps: string;
      horizons: { ahead: number; error: number }[];
    };
    expect([report.looks, report.steps]).toEqual([1, '189 … 209']);
    for (const { ahead, error } of report.horizons) expect(error).toBeCloseTo(errors[ahead], 4); // the file has 7 digits

    // a run that has ended repeats its look; eval is another one
    const [bytes, test] = [readFileSync(CHECKPOINT), read('run.test.csv')];
    for (const [command, looks] of [
      [words`train --resume ${CHECKPOINT} --threads 1`, 'once'],
      [words`eval ${CHECKPOINT} --threads 1`, '2 times'],
    ] as const) {
      const again = await longhand([...command, '--data', DATA]);
      expect([again.code, again.stdout]).toEqual([0, first.stdout]);
      expect(again.stderr).toContain(`the test part has been looked at ${looks}`);
      expect(read('run.test.csv')).toBe(test);
      expect(readFileSync(CHECKPOINT).equals(bytes)).toBe(looks === 'once');
    }
    const [before, after] = [bytes, readFileSync(CHECKPOINT)].map((one) => parseForecast(one, 'run'));
    expect([before, after].map(({ plan }) => plan.rules?.looks)).toEqual([1, 2]);
    expect(forecastBytes({ ...after, plan: before.plan })).toEqual(new Uint8Array(bytes));
  });

  test('writes beside run.best and run.last files of different names', () => {
    expect(outputsBeside('runs/run.best')).toEqual({
      report: 'runs/run.best.report.json',
      test: 'runs/run.best.test.csv',
      plot: 'runs/run.best.svg',
    });
    expect(outputsBeside('./run.safetensors').plot).toBe('./run.svg');
  });

  test('prints JSON', async () => {
    const run = await longhand([...FROM, '--data', DATA, ...TINY, ...words`--json --interval 0.5 --method network`]);
    expect(run.code).toBe(0);
    expect(jsonLinesOf(run)).toEqual([
      expect.objectContaining({
        event: 'test',
        ahead: 1,
        networks: [expect.any(Number)],
        coverage: expect.any(Number) as number,
      }),
    ]);
    expect(run.stdout).not.toContain('bands');
    expect(run.stderr).toContain('WARNING: the test part has 21 numbers, so its errors are rough');
  });

  test('says that a random walk cannot be forecast', async () => {
    const random = new Random(10);
    let price = 0;
    const rows = Array.from({ length: 1000 }, (_, n) => `${dateOf(n)},${(price += random.normal(0, 1))}`);
    const walk = linesInFolder('walk.csv', ['date,price', ...rows]);
    const { code, stdout, stderr } = await longhand(
      words`train --data ${walk} --predict price --time date --ahead 5 ${TINY}`,
    );
    expect(code).toBe(0);
    expect(stderr).toContain('no seasons\n');
    expect(stderr).toMatch(
      /WARNING: 5 ahead, the mean error of .* on the validation part is [\d.]+, with networks [\d.]+: no better, so forecasts use none\. --method network uses them; --method NAME trains none\n/,
    );
    expect(stderr).not.toContain('for the forecasts');
    expect(stdout).toMatch(/\n5 ahead, the forecast is .*, without a network\. /);
  });

  test('compares days that move slowly over a year, with noise, with the days a year before', async () => {
    const random = new Random(3);
    const year = (n: number): string => (3 * Math.sin((2 * Math.PI * n) / 365.25) + random.normal(0, 1)).toFixed(2);
    const rows = Array.from({ length: 2000 }, (_, n) => `${dateOf(n)},${year(n)}`);
    const data = linesInFolder('year.csv', ['date,y', ...rows]);
    const { code, stdout, stderr } = await longhand(words`train --data ${data} --predict y --time date ${TINY}`);
    expect([code, stderr]).toEqual([0, expect.stringContaining('\nseasons of 365 steps\n')]);
    expect(linesOf(stdout).filter((line) => line.includes('season before'))).toEqual([
      expect.stringContaining('the season before (365 steps)'),
    ]);
  });

  test('continues an interrupted run to the same bytes', async () => {
    const checkpoint = inFolder('stopped.safetensors');
    const args = words`${FROM} --data ${DATA} ${NETWORKS} ${TINY} --checkpoint ${checkpoint} --checkpoint-every 3`;
    for (const after of ['network 2 of 4, for the intervals', 'network 4 of 4, for the forecasts']) {
      const run = start(args);
      await run.stderr.has(after);
      run.interrupt('SIGINT');
      expect(await run.code).toBe(130);
      expect(run.stderr.text).toContain(
        `the run is saved: npm run -s longhand -- train --resume ${checkpoint} --data ${DATA} continues it`,
      );
      expect(await refused(['forecast', checkpoint, '--data', DATA])).toContain(
        'its training has not ended: npm run -s longhand -- train --resume',
      );
      const resumed = await longhand(['train', '--resume', checkpoint, '--data', DATA, '--threads', '1']);
      expect([resumed.code, resumed.stdout]).toEqual([0, first.stdout]);
      expect(parseForecast(readFileSync(checkpoint), 'stopped').networks).toEqual(
        parseForecast(firstBytes, 'run').networks,
      );
    }
  });

  describe('with --program writes a program that', () => {
    const DAYS = ['1987-02-16', '1987-03-20', '1987-05-25', '1987-07-04'];
    const holidays = DAYS.map((date) => `${date},"Off, ""perhaps"""`);
    const csv = linesInFolder('holidays.csv', ['\r', ' date , name', ...holidays]);
    /** The package of holidays, as a program finds it, and as the command does here. */
    const holidaysIn = (days: readonly string[], year: number) =>
      days
        .filter((day) => day.startsWith(String(year)))
        .map((day) => ({ date: `${day} 00:00:00`, name: 'Off', type: 'public' }));
    class Calendar {
      getHolidays = (year: number) => holidaysIn(DAYS, year);
    }
    jest.unstable_mockModule('date-holidays', () => ({ default: Calendar }), { virtual: true });
    const packages = path.join(folder, 'node_modules');
    mkdirSync(path.join(packages, 'date-holidays'), { recursive: true });
    writeFileSync(
      path.join(packages, 'date-holidays/index.js'),
      `module.exports = class { getHolidays(year) { return (${String(holidaysIn)})(${JSON.stringify(DAYS)}, year); } };`,
    );
    symlinkSync(process.cwd(), path.join(packages, 'longhand'));
    symlinkSync(path.resolve('node_modules/papaparse'), path.join(packages, 'papaparse'));
    const lines = linesOf(readFileSync(DATA, 'utf8'));
    writeFileSync(
      inFolder('messy.csv'),
      `\uFEFF\r\n date ,"sales",day,price\r\n\r\n${lines.slice(1).join('\r\n')}\r\n`,
    );
    const [names, ...rows] = lines.map((line) => line.split(','));
    const objects = rows.map((row) => JSON.stringify(Object.fromEntries(row.map((cell, n) => [names[n], cell]))));

    // Papa, or the name, would guess another format
    writeFileSync(inFolder('sales.txt'), `\uFEFF${objects.join('\r\n')}\n`);
    const tabbed = lines.map((line) => `${line.replaceAll(',', '\t')}\t${'note,'.repeat(9)}`);
    writeFileSync(inFolder('sales.tsv'), tabbed.map((line, n) => line + (n % 3 === 0 ? '\r\n' : '\n')).join(''));

    test.each([
      ['of a CSV file, with holidays of a file', 'messy.csv', ['--deterministic', '--holidays', csv]],
      ['of objects in a .txt file, with holidays of a country', 'sales.txt', words`--backend reference --holidays AQ`],
      ['of tabs, commas and mixed ends of lines', 'sales.tsv', ['--deterministic', '--holidays', csv]],
    ])('makes the same forecaster: %s', async (_, data, flags) => {
      const [program, checkpoint] = [inFolder(`${data}.mjs`), inFolder(`${data}.safetensors`)];
      const chosen = words`--ahead 7,2 --test 1987-07-01.. --season 7 --fill previous --seeds 1`;
      const small = words`--hidden 3 --training-iters 64 --checkpoint ${checkpoint} --program ${program}`;
      const { code, stderr } = await longhand(words`${FROM} --data ${inFolder(data)} ${chosen} ${small} ${flags}`);
      expect([code, stderr]).toEqual([0, expect.stringContaining('Off')]);
      const own = readFileSync(checkpoint);
      rmSync(checkpoint);
      const ran = await runProcess(process.execPath, [program]);
      expect([ran.code, ran.stderr]).toEqual([0, '']);
      expect(readFileSync(checkpoint).equals(own)).toBe(true);
      const { horizons } = JSON.parse(read(`${data}.report.json`)) as { horizons: { ahead: number; error: number }[] };
      expect(jsonLinesOf(ran)).toMatchObject(horizons.map(({ ahead, error }) => ({ ahead, error })));
    });

    test('refuses what the command refuses', async () => {
      writeFileSync(inFolder('messy.csv'), `${read('messy.csv')}1987-07-30,1,Thu,2,3\r\n`);
      const { code, stdout, stderr } = await runProcess(process.execPath, [inFolder('messy.csv.mjs')]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/DataError: .*messy\.csv, line 214: 5 cells, but the header has 4\n/);
    });
  });

  const ALL = [...FROM, '--data', DATA];
  const ROWS = words`train --data ${DATA} --predict sales`;
  const RESUMED = words`train --data ${DATA} --resume ${CHECKPOINT}`;
  const RENAMED = inFolder('renamed.svg');
  beforeAll(() => writeFileSync(RENAMED, readFileSync(CHECKPOINT)));

  test.each<[string, string[], string]>([
    ['a flag of forecasts without --predict', ['train', '--ahead', '3'], '--ahead needs --predict'],
    [
      'a table without a column',
      ['train', '--data', DATA],
      'which column? It has "date", "sales", "day", "price". --predict forecasts a column',
    ],
    ['origins without a forecaster', words`train --origins 3`, '--origins needs --predict'],
    ['another method', [...ALL, '--method', 'arima'], 'auto, network, last, season, ridge, ets, airline'],
    ['no data', FROM, '--predict needs --data, a CSV, TSV or NDJSON file'],
    [
      'a format of the time without one',
      [...ROWS, '--time-format', 'unix'],
      'error: --time-format "unix": needs one column',
    ],
    [
      'a format that is none',
      [...ALL, '--time-format', 'DD/MM'],
      'error: --time-format "DD/MM": must be as DD/MM/YYYY',
    ],
    ['one sign for both', words`${ALL} --decimal , --thousands ,`, 'error: --thousands ",": must differ from the sign'],
    ['another decimal sign', [...ALL, '--decimal', ';'], 'Allowed choices are ., ,'],
    ['dates of rows without a time', [...ROWS, '--test', '1987-01..'], 'must be as 101.., 101..200 or ..200'],
    ['rows of a table with a time', [...ALL, '--test', '101..'], 'must be as 1987-01-01.., 1987..1988'],
    ['--ahead 0', [...ALL, '--ahead', '0'], 'error: --ahead 0: must be a whole number from 1 to 10000'],
    ['--ahead 1,x', [...ALL, '--ahead', '1,x'], '--ahead'],
    ['--season 1', [...ALL, '--season', '1'], 'error: --season 1: must be a whole number'],
    ['--interval 1', [...ALL, '--interval', '1'], 'between 0 and 1'],
    ['--interval 0', [...ALL, '--interval', '0'], 'between 0 and 1'],
    ['--seeds 0', [...ALL, '--seeds', '0'], '--seeds'],
    ['--fill linear', [...ALL, '--fill', 'linear'], 'missing, previous'],
    ['--test ..', [...ALL, '--test', '..'], 'error: --test "..": must be as 1987-01-01..'],
    ['--test 1987-02-29..', [...ALL, '--test', '1987-02-29..'], '--test "1987-02-29..": must be as 1987-01-01..'],
    [
      'a time of seven columns',
      [...ALL, '--time', 'a,b,c,d,e,f,g'],
      '--time: 7 columns: must be at most those of year, month',
    ],
    ['a program without its ending', [...ALL, '--program', inFolder('p.txt')], 'p.txt: must end in .mjs'],
    ['a column twice', [...ALL, '--inputs', 'sales'], 'the column "sales" is named twice'],
    ['what it forecasts as known', [...ALL, '--known', 'day,sales'], 'the column "sales" is named twice'],
    ['a program without a forecast', ['train', '--program', inFolder('p.mjs')], '--program needs --predict'],
    ['the data as program', [...ALL, '--data', inFolder('d.mjs'), '--program', inFolder('d.mjs')], 'are the same file'],
    ['the time as known', [...ALL, '--known', 'date'], 'the column "date" is named twice'],
    ['a task', [...ALL, '--task', 'adding'], '--task cannot be used with --predict'],
    ['a history', [...ALL, '--history', inFolder('h.csv')], '--history cannot be used with --predict'],
    ['a validation', [...ALL, '--validate-every', '5'], '--validate-every cannot be used with --predict'],
    ['quantiles of another loss', words`${ALL} --loss huber --quantiles 0.5`, '--quantiles needs --loss pinball'],
    ['quantiles without the forecast', [...ALL, '--quantiles', '0.1,0.9'], 'quantiles 0.1,0.9: must have 0.5'],
    ['a network in both directions', [...ALL, '--bidirectional'], 'a forecast knows only the past'],
    ['options that contradict each other', [...ALL, '--dropout', '0.5'], 'dropout 0.5: must be 0 with one layer'],
    ['the checkpoint as data', [...ALL, '--checkpoint', DATA], 'are the same file'],
    [
      'the report as data',
      words`${FROM} --data ${inFolder('x.test.csv')} --checkpoint ${inFolder('x.safetensors')}`,
      'are the same file',
    ],
    [
      'the checkpoint as its own report',
      words`${ALL} --checkpoint ${inFolder('a.safetensors')} --holidays ${inFolder('a.report.json')}`,
      'are the same file',
    ],
    [
      'the run that continues as the drawing of another',
      words`train --data ${DATA} --resume ${RENAMED} --checkpoint ${inFolder('renamed.safetensors')}`,
      'renamed.svg are the same file',
    ],
    ['--resume with --predict', [...ALL, '--resume', CHECKPOINT], '--predict cannot be changed with --resume'],
    ...words`--hidden --training-iters`.map((flag): [string, string[], string] => [
      `--resume with another ${flag}`,
      words`${RESUMED} ${flag} 8`,
      `${flag} cannot be changed with --resume`,
    ]),
    ['--resume with other horizons', words`${RESUMED} --ahead 8`, '--ahead needs --predict'],
    ['a set in eval', words`eval ${CHECKPOINT} --data ${DATA} --set train`, '--set cannot be used with a forecaster'],
    ['what eval writes as its data', ['eval', CHECKPOINT, '--data', inFolder('run.test.csv')], 'are the same file'],
  ])('refuses %s', async (_, args, message) => {
    const before = readdirSync(folder);
    expect(await misused(args)).toContain(message);
    expect(readdirSync(folder)).toEqual(before);
  });

  // test/data/table.test.ts and test/forecast have the other faults of tables
  test.each<[string, string[], string[], string]>([
    [
      'a gap',
      sales().filter((_, n) => n !== 9),
      [],
      'line 10: 1987-01-10 comes after 1987-01-08, but the rows are 1 day apart: add the rows between them, or fill them (--fill missing or --fill previous)',
    ],
    ['a season that is too long', sales(), ['--season', '400'], 'the season of 400 steps is longer than half of the'],
  ])('refuses data with %s', async (_, lines, flags, message) => {
    const file = linesInFolder('bad.csv', lines);
    const before = readdirSync(folder);
    const run = await longhand(
      words`${FROM} --data ${file} ${flags} ${TINY} --checkpoint ${inFolder('new.safetensors')}`,
    );
    expect(run.stderr).toContain(message);
    expect([run.code, run.stdout]).toEqual([1, '']);
    expect(run.stderr.trim().split('\n').at(-1)).toMatch(/^longhand: /);
    expect(readdirSync(folder)).toEqual(before);
  });

  const TOO_FEW =
    /WARNING: .* ahead, the 99\.9% interval needs 999 errors of earlier forecasts, but \d+ are known, which allow at most 9\d/;

  test.each<[string, string[], { printed?: string; note?: string; forecastCode?: number }]>([
    ['another loss', ['--loss', 'huber'], {}],
    ['other quantiles', ['--quantiles', '0.1,0.5,0.9'], {}],
    ['one number with an interval', ['--loss', 'absoluteError'], {}],
    ['epochs', ['--epochs', '1'], {}],
    ['one network for all horizons', ['--together', '--ahead', '1,2,3'], {}],
    ['a part of the time', ['--test', '1987-06..1987-06'], { printed: '1987-06-01 … 1987-06-30, 30 steps' }],
    ['seasons in any order', ['--season', '30,7'], { note: 'seasons of 7 and 30 steps' }],
    // a known column repeats only with a season
    ['no seasons', ['--season', 'none'], { note: 'no seasons\n', forecastCode: 1 }],
    ['an interval of more errors than there are', ['--interval', '0.999'], {}],
  ])('accepts %s', async (name, flags, { printed = '', note = '', forecastCode = 0 }) => {
    const checkpoint = inFolder('other.safetensors');
    const tiny = name === 'epochs' ? words`--hidden 4 --seeds 1 --threads 1` : TINY;
    const run = await longhand(words`${FROM} --data ${DATA} ${tiny} ${flags} --checkpoint ${checkpoint}`);
    expect([run.code, run.stdout.slice(0, 4)]).toEqual([0, 'Mean']);
    expect([run.stdout, run.stderr]).toEqual([expect.stringContaining(printed), expect.stringContaining(note)]);
    const { code, stdout, stderr } = await longhand(words`forecast ${checkpoint} --data ${DATA} --steps 2`);
    expect(code).toBe(forecastCode);
    if (forecastCode !== 0) expect(stderr).toContain('day is not known on');
    if (name === 'one number with an interval') {
      const [, , middle, low, high] = linesOf(stdout)[1].split(',').map(Number);
      expect([middle - low, high - middle]).toEqual([expect.any(Number), expect.closeTo(middle - low, 5)]);
      expect(high).toBeGreaterThan(middle);
    }
    for (const text of [run.stderr, stderr]) expect(TOO_FEW.test(text)).toBe(name.startsWith('an interval of more'));
  });
});

describe('tables as people have them', () => {
  const numbers = sales()
    .slice(1)
    .map((line) => Number(line.split(',')[1]));
  const run = async (name: string, lines: string[], flags: string[]) => {
    const [data, checkpoint] = [linesInFolder(`${name}.csv`, lines), inFolder(`${name}.safetensors`)];
    const trained = await longhand(['train', '--data', data, ...flags, ...TINY, '--checkpoint', checkpoint]);
    const plot = inFolder(`${name}-next.svg`);
    const next = await longhand(['forecast', checkpoint, '--data', data, '--steps', '3', '--plot', plot]);
    const again = await longhand(['eval', checkpoint, '--data', data]);
    expect([trained.code, next.code, again.code]).toEqual([0, 0, 0]);
    expect(again.stdout).toBe(trained.stdout);
    return { ...trained, data, next, dates: linesOf(next.stdout).map((line) => line.split(',')[0]) };
  };

  test('workdays in German, with a holiday, the newest first', async () => {
    const days = numbers
      .map((y, n) => ({ time: START + n * DAY, y: 100 * y }))
      .filter(({ time }) => new Date(time).getUTCDay() % 6 !== 0 && dateOf((time - START) / DAY) !== '1987-05-01');
    const lines = days.map(({ time, y }, n) => {
      const [year, month, day] = formatTime(time).split('-');
      return `${day}.${month}.${year};${n === 7 ? 'NA' : y.toLocaleString('de-DE', { minimumFractionDigits: 2 })}`;
    });
    expect(lines[0]).toMatch(/^01\.01\.1987;\d+\.\d{3},\d\d$/);
    const program = inFolder('german.mjs');
    const flags = words`--predict Umsatz --time Datum --time-format DD.MM.YYYY --decimal , --thousands . --program ${program}`;
    const { stderr, dates, data } = await run('german', ['Datum;Umsatz', ...lines.reverse()], flags);
    expect(stderr).toContain(`${data}: 149 steps of 1 workday, 1987-01-01 … 1987-07-29\n`);
    expect(stderr).toContain(`${data}: the newest row comes first, so the rows are read from the last to the first\n`);
    expect(stderr).toContain(
      `${data}: its rows are on Monday to Friday only; 1 of these days has no row, and so no step\n`,
    );
    expect(stderr).toContain(`${data}: Umsatz is missing in 1 of 149 rows: empty, NA or the like\n`);
    expect(stderr).toMatch(/weekday 1, weekday 2, weekday 3, weekday 4, weekday 5/);
    expect(dates).toEqual(['date', '1987-07-30', '1987-07-31', '1987-08-03']);
    expect(readFileSync(program, 'utf8')).toContain("timeFormat: 'DD.MM.YYYY'");
    expect(await refused(['train', '--data', data, ...words`--predict Umsatz --time Datum`])).toContain(
      'does the day or the month come first? Add --time-format DD.MM.YYYY or --time-format MM.DD.YYYY',
    );
  });

  test('rows without a time', async () => {
    const { stdout, stderr, dates, data, next } = await run(
      'rows',
      ['y', ...numbers.map(String)],
      words`--predict y --test 190..`,
    );
    expect(stderr).toContain(`${data}: 210 steps of 1 row, 1 … 210\n`);
    expect(stdout).toContain('Mean absolute error on the test part, 190 … 210, 21 steps:');
    expect(dates).toEqual(['date', '211', '212', '213']);
    expect(next.stderr).toContain('WARNING: forecasts beyond 1 step');
    expect(read('rows.test.csv').split('\n')[1]).toMatch(/^190,1,/);
    expect(read('rows-next.svg')).toMatch(/151 … 213/);
  });
});

test('eval refuses a table that ends before the test part does', async () => {
  const file = linesInFolder('part.csv', sales().slice(0, 201));
  const report = read('run.report.json');
  const stderr = await refused(['eval', CHECKPOINT, '--data', file]);
  expect(stderr).toContain('part.csv: does not hold the test part, 1987-');
  expect(read('run.report.json')).toBe(report);
});

test('a run does not continue on another series, and is not measured on it', async () => {
  const before = readFileSync(CHECKPOINT);
  const written = ['run.report.json', 'run.test.csv', 'run.svg'].map(read);
  const lines = sales();
  const changed = lines.map((line, n) => (n === 9 ? withSales(line, '99') : line));
  const other = linesInFolder('other.csv', changed);
  for (const args of [
    ['train', '--resume', CHECKPOINT],
    ['eval', CHECKPOINT],
  ]) {
    expect(await refused([...args, '--data', other])).toMatch(
      /other\.csv: is not the series of the training: sales has other values before the test part, up to 1987-07-08\n$/,
    );
  }
  expect(readFileSync(CHECKPOINT)).toEqual(before);
  expect(['run.report.json', 'run.test.csv', 'run.svg'].map(read)).toEqual(written);
});

describe('longhand forecast', () => {
  const forecast = (args: readonly string[]): ReturnType<typeof longhand> =>
    longhand(['forecast', CHECKPOINT, '--threads', '1', ...args]);

  test('prints what comes after the last row; days of the week repeat', async () => {
    const { code, stdout, stderr } = await forecast(['--data', DATA]);
    expect([code, stderr.includes('WARNING')]).toEqual([0, false]);
    const [title, ...rows] = linesOf(stdout);
    expect(title).toBe('date,ahead,forecast,low,high');
    expect(rows.map((row) => row.split(',').slice(0, 2))).toEqual(
      Array.from({ length: 7 }, (_, n) => [dateOf(COUNT + n), String(n + 1)]),
    );
    // the same with rows that give the days of the week
    const longer = sales(COUNT, 7).map((line, n) =>
      n > COUNT ? line.replace(',,,', `,,${NAMES[(n - 1) % 7]},`) : line,
    );
    expect((await forecast(['--data', linesInFolder('longer.csv', longer)])).stdout).toBe(stdout);
    expect((await forecast(['--data', DATA, '--steps', '3'])).stdout).toBe(
      `${linesOf(stdout).slice(0, 4).join('\n')}\n`,
    );
    expect((await forecast(['--data', DATA, '--to', inFolder('next.csv')])).stdout).toBe('');
    expect(read('next.csv')).toBe(stdout);
    expect((await forecast(['--data', DATA, '--plot', inFolder('next.svg')])).stdout).toBe(stdout);
    const picture = read('next.svg');
    expect(picture).toMatch(/^<svg .*sales, the next 7 steps.*<\/svg>\n$/s);
    expect(picture).not.toMatch(/NaN|undefined|Infinity/);
    expect(picture.match(/<path[^>]* d="M/g)?.length).toBeGreaterThanOrEqual(3); // truth, forecast, interval
    const json = jsonLinesOf(await forecast(['--data', DATA, '--json'])) as Record<string, unknown>[];
    const rounded = (value: unknown): unknown => (typeof value === 'number' ? Number(value.toFixed(6)) : value);
    expect(json.map((row) => Object.values(row).map(rounded).join(','))).toEqual(rows);
    expect((await forecast(['--data', DATA, '--steps', '8'])).stderr).toContain(
      'WARNING: forecasts beyond 7 steps read forecasts',
    );
  });

  test('warns of a table that begins after numbers that its forecasts read', async () => {
    const rows = (count: number): string => linesInFolder('later.csv', [sales()[0], ...sales().slice(-count)]);
    const { code, stderr } = await forecast(['--data', rows(3)]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /WARNING: .*later\.csv: begins at 1987-\d\d-\d\d, but .* from 198[67]-\d\d-\d\d on: missing ones/,
      ),
    ]);
    expect((await forecast(['--data', rows(COUNT)])).stderr).not.toContain('WARNING');
    const lacking = sales().map((line, n) =>
      n === 1 || (n >= COUNT - 9 && n < COUNT - 4) ? withSales(line, '') : line,
    );
    expect((await forecast(['--data', linesInFolder('lacking.csv', lacking)])).stderr).toMatch(
      /WARNING: .*lacking\.csv: lacks 6 of the 210 numbers of sales that these forecasts read, and the training part had all: missing ones/,
    );
  });

  test('refuses other data, other files, and an output that is an input', async () => {
    const data = linesInFolder('moved.csv', [
      sales()[0],
      sales()[1].replace('1987-01-01', '1986-12-31'),
      ...sales().slice(1),
    ]);
    expect(await refused(['forecast', CHECKPOINT, '--data', data])).toContain(
      'moved.csv: begins at 1986-12-31, but the forecaster was trained on rows from 1987-01-01 with steps of 1 day',
    );
    const later = linesInFolder('later.csv', [sales()[0], ...sales().slice(100)]);
    // ridge regression reads what the table has; ETS would have the errors in the networks' window from the first row on
    const checkpoint = inFolder('later.safetensors');
    expect((await longhand(words`${FROM} --data ${DATA} --method ridge --checkpoint ${checkpoint}`)).code).toBe(0);
    const [all, some] = [
      await longhand(['forecast', checkpoint, '--data', DATA]),
      await longhand(['forecast', checkpoint, '--data', later]),
    ];
    expect([some.code, some.stdout, some.stderr.includes('WARNING')]).toEqual([0, all.stdout, false]);
    expect(await refused(['forecast', DATA, '--data', DATA])).toContain('sales.csv: ');
    expect(await refused(['forecast', inFolder('none'), '--data', DATA])).toContain('none: no such file');
    expect((await longhand(['forecast', CHECKPOINT])).code).toBe(2);
    expect((await forecast(['--data', DATA, '--steps', '0'])).code).toBe(2);
  });

  test.each<[string, string[], string]>([
    ['the data as its output', ['--to', DATA], 'are the same file'],
    ['the checkpoint as its output', ['--to', CHECKPOINT], 'are the same file'],
    ['a plot that is no .svg', ['--plot', inFolder('next.png')], 'must end in .svg'],
    ['the data as plot', ['--plot', inFolder('d.svg'), '--data', inFolder('d.svg')], 'are the same file'],
    ['a plot in place of the table', ['--plot', inFolder('n.svg'), '--to', inFolder('n.svg')], 'are the same file'],
    ['JSON in a table', ['--json', '--to', inFolder('n.csv')], '--json cannot be used with --to'],
  ])('refuses %s', async (_, args, message) => {
    expect(await misused(['forecast', CHECKPOINT, '--data', DATA, ...args])).toContain(message);
  });

  test('needs what is known in advance', async () => {
    const checkpoint = inFolder('known.safetensors');
    const args = words`${FROM} --known day,price --data ${DATA} --ahead 3 ${TINY} --season 7 --checkpoint ${checkpoint}`;
    expect((await longhand(args)).code).toBe(0);
    const ends = linesInFolder('ends.csv', sales(COUNT, 2));
    expect(await refused(['forecast', checkpoint, '--data', ends])).toContain(
      `ends.csv: price is not known on ${dateOf(COUNT + 2)}: add rows up to ${dateOf(COUNT + 2)}, with price but without the column to forecast`,
    );
    expect((await longhand(['forecast', checkpoint, '--data', ends, '--steps', '2'])).code).toBe(0);
  });
});

test('with --method trains no networks, and the file forecasts with the method; --origins cuts the test part', async () => {
  const checkpoint = inFolder('ridge.safetensors');
  const args = words`${FROM} --data ${DATA} --ahead 1,7 --method ridge --origins 3 --refit --checkpoint ${checkpoint}`;
  const { code, stdout, stderr } = await longhand(args);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      /\n1 ahead, the mean error of ridge regression and ridge regression of logarithms on the validation part is [\d.]+\n/,
    ),
  ]);
  expect(stderr).not.toContain('network 1');
  expect(stdout).not.toMatch(/with an LSTM|correction/);
  expect(stdout).toMatch(
    /\nMean absolute error from each origin, trained again before each:\n +steps ahead.*\n +from 1987-07-09 .*\n +from 1987-07-16 .*\n +from 1987-07-23 .*\n +mean .*\n *standard deviation .*\n1 ahead, the mean error of .* minus that of forecast is /,
  );
  expect(stderr).toContain('the test part has been looked at 3 times');
  const { plan, networks } = parseForecast(readFileSync(checkpoint), 'ridge');
  const methods = plan.rules?.corrections?.map(({ fits }) => fits.map((fit) => fit.method));
  expect([networks.size, plan.rules?.looks, methods]).toEqual([
    0,
    3,
    [
      ['ridge', 'ridge'],
      ['ridge', 'ridge'],
    ],
  ]);
  const rows = linesOf((await longhand(['forecast', checkpoint, '--data', DATA])).stdout);
  expect(rows).toHaveLength(8);
  expect(Number(rows[1].split(',')[2])).toBeGreaterThan(90);
  const again = await longhand(words`eval ${checkpoint} --data ${DATA} --origins 3 --refit`);
  expect(again.stdout).toBe(stdout);
  expect(again.stderr).toContain('the test part has been looked at 6 times');
  expect(parseForecast(readFileSync(checkpoint), 'ridge').plan.rules?.looks).toBe(6);
});

test('train --help has the defaults of the task that the other flags choose', async () => {
  const line = async (flags: readonly string[], option: string): Promise<string> =>
    (await longhand(['train', ...flags, '--help'])).stdout.replace(/\s+/g, ' ').split(` ${option} `)[1].split(' --')[0];
  for (const [flags, hidden, batch] of [
    [[], 128, 128],
    [['--predict', 'y'], 32, 64],
    [['--classify', 'y'], 32, 32],
    [['--task', 'adding'], 64, 100],
  ] as const) {
    expect(await line(flags, '--hidden')).toContain(`(default: ${hidden})`);
    expect(await line(flags, '--batch-size')).toContain(`(default: ${batch})`);
  }
});

test('longhand inspect says what a forecaster is', async () => {
  expect(jsonOf(await longhand(words`inspect ${CHECKPOINT} --json`))).toHaveProperty('contents', {
    forecaster: 'of sales, 1, 7 steps of 1 day ahead',
    reads: 'date, sales, day',
    windows: 'of 28 steps',
    'test part': '1987-07-09 … 1987-07-29',
    'forecasts by': expect.stringMatching(/^.+; .+$/) as string,
    networks: 'ahead-1-seed-1, ahead-7-seed-1',
    training: 'has ended',
  });
});

describe('one network of a forecaster', () => {
  test('is named FILE#NAME', async () => {
    const name = 'ahead-7-seed-1';
    const exported = `${CHECKPOINT}#${name}`;
    const before = readFileSync(CHECKPOINT);
    const args = words`export ${exported} --to safetensors-pytorch`;
    expect((await longhand([...args, '--json'])).code).toBe(0);
    expect(readdirSync(folder)).toContain(`run.${name}.pytorch.safetensors`);
    const onInput = await misused([...args, '--output', CHECKPOINT]);
    expect(onInput).toContain('run.safetensors is the input: choose another --output');
    expect(readFileSync(CHECKPOINT)).toEqual(before);
    expect(loadCheckpoint(`${CHECKPOINT}#${name}`).model.network.quantiles).toEqual([0.05, 0.25, 0.5, 0.75, 0.95]);
  });

  test('must be named, and must exist', async () => {
    expect(await refused(['eval', CHECKPOINT])).toContain('is a forecaster: name its series with --data');
    expect(await refused(['sample', CHECKPOINT])).toContain(
      'holds several networks, "ahead-1-seed-1","ahead-7-seed-1": name one of them: ',
    );
    expect(await refused(['eval', `${CHECKPOINT}#other`])).toContain(
      'run.safetensors: has no network other: ahead-1-seed-1, ahead-7-seed-1',
    );
    writeFileSync(inFolder('odd#name'), readFileSync(CHECKPOINT));
    expect(loadCheckpoint(`${inFolder('odd#name')}#ahead-1-seed-1`).model.T).toBe(
      loadCheckpoint(`${CHECKPOINT}#ahead-1-seed-1`).model.T,
    );
    expect(() => loadCheckpoint(`${DATA}#ahead-1-seed-1`)).toThrow('sales.csv');
  });
});

describe('several series in one table', () => {
  /** Two shops; the second sells three times as much. */
  const ofShops = (more = 0): string[] => {
    const [, ...rows] = sales(COUNT, more);
    const tripled = (line: string): string => line.replace(/,([\d.]+),/, (_, sold: string) => `,${3 * Number(sold)},`);
    return ['date,sales,day,price,shop', ...rows.flatMap((row) => [`${row},north`, `${tripled(row)},"so,uth"`])];
  };
  const SHOPS = linesInFolder('shops.csv', ofShops());
  const LATER = linesInFolder('shops-later.csv', ofShops(7));
  const checkpoint = inFolder('shops.safetensors');
  const args = words`${FROM} --data ${SHOPS} --series shop --ahead 1,7 ${TINY} --origins 3`;
  let whole: Awaited<ReturnType<typeof longhand>>;
  beforeAll(async () => {
    whole = await longhand([...args, '--checkpoint', checkpoint]);
  });

  test('are forecast by the same networks, with a line for each series and their mean', () => {
    expect([whole.code, whole.stderr.includes('of 2 series\n')]).toEqual([0, true]);
    expect(whole.stderr).toContain('which series it is\n');
    const lines = linesOf(whole.stdout);
    for (const [n, ahead] of [1, 7].entries()) {
      const [title, ...rows] = lines.slice(1 + 5 * n, 5 + 5 * n);
      expect(title).toMatch(
        new RegExp(`^ *${ahead} ahead +the forecast +best simple method +its MASE +in the 90% interval$`),
      );
      expect(rows.map((row) => row.trim().split(/\s+/)[0])).toEqual(['north', 'so,uth', 'mean']);
      const [north, south, mean] = rows.map((row) => Number(row.trim().split(/\s+/)[1]));
      expect(Math.abs(mean - (north + south) / 2)).toBeLessThan(0.001);
      expect(lines[5 + 5 * n]).toMatch(
        new RegExp(`^${ahead} ahead, the forecast is as good as the best .+ for \\d of 2 series; `),
      );
    }
    expect(lines[11]).toBe('Mean absolute error from each origin, trained once, before the first:');
    expect(lines[12]).toMatch(/^ *1 ahead +from 1987-07-09 +from 1987-07-16 +from 1987-07-23 +mean +deviation/);
    expect(whole.stdout).not.toMatch(/NaN|undefined|Infinity/);
    const report = JSON.parse(read('shops.report.json')) as { looks: number; horizons: { series: string }[] };
    expect([report.looks, report.horizons.map(({ series }) => series)]).toEqual([
      3,
      ['north', 'north', 'so,uth', 'so,uth'],
    ]);
    const rows = linesOf(read('shops.test.csv'));
    expect([rows[0], rows.length]).toEqual(['series,date,ahead,sales,forecast,low,high', 1 + 2 * 2 * 21]);
    expect(rows[43]).toMatch(/^"so,uth",1987-07-09,1,/);
    expect(read('shops.svg')).toContain('so,uth, 7 ahead');
  });

  test('continue to the same bytes after a run was stopped', async () => {
    const other = inFolder('shops-stopped.safetensors');
    const run = start([...args, '--checkpoint', other]);
    await run.stderr.has('network 2 of');
    run.interrupt('SIGINT');
    expect(await run.code).toBe(130);
    const resumed = await longhand(words`train --resume ${other} --data ${SHOPS} --threads 1 --origins 3`);
    expect([resumed.code, resumed.stdout]).toEqual([0, whole.stdout]);
    expect(readFileSync(other)).toEqual(readFileSync(checkpoint));
  });

  test('have forecasts for all, or for one', async () => {
    const all = linesOf((await longhand(words`forecast ${checkpoint} --data ${LATER} --steps 7`)).stdout);
    expect([all[0], all.length]).toEqual(['series,date,ahead,forecast,low,high', 15]);
    const one = await longhand([...words`forecast ${checkpoint} --data ${LATER} --steps 7 --only`, 'so,uth']);
    expect(linesOf(one.stdout)).toEqual([all[0], ...all.slice(8)]);
    const json = jsonLinesOf(await longhand(words`forecast ${checkpoint} --data ${LATER} --json --only north`));
    expect(json).toHaveLength(7);
    expect(json[0]).toMatchObject({ series: 'north', date: '1987-07-30', ahead: 1 });
    const plot = inFolder('shops-later.svg');
    expect((await longhand(words`forecast ${checkpoint} --data ${LATER} --plot ${plot}`)).code).toBe(0);
    expect(readFileSync(plot, 'utf8')).toContain('north: the next 7 steps');
    expect(await refused(words`forecast ${checkpoint} --data ${LATER} --only east`)).toContain(
      'shop east is none of the training, which had north, so,uth',
    );
    expect(await misused(words`forecast ${CHECKPOINT} --data ${DATA} --only east`)).toContain(
      'has one series: it was trained',
    );
  });

  test('are inspected, and evaluated again', async () => {
    expect(jsonOf(await longhand(words`inspect ${checkpoint} --json`))).toMatchObject({
      contents: { series: 'by shop: north, so,uth', training: 'has ended' },
    });
    const copy = inFolder('shops-copy.safetensors');
    writeFileSync(copy, readFileSync(checkpoint));
    const program = inFolder('shops.mjs');
    const programmed = await longhand(words`${FROM} --data ${SHOPS} --series shop --method last --program ${program}`);
    expect([programmed.code, readFileSync(program, 'utf8').includes("series: 'shop',")]).toEqual([0, true]);
    const again = await longhand(words`eval ${copy} --data ${SHOPS} --threads 1`);
    expect(linesOf(again.stdout)).toEqual(linesOf(whole.stdout).slice(0, 11));
    const changed = linesInFolder(
      'shops-changed.csv',
      ofShops().map((line, n) => (n === 22 ? withSales(line, '7') : line)),
    );
    expect(await refused(words`eval ${copy} --data ${changed}`)).toContain(
      'shops-changed.csv, shop so,uth: is not the series of the training: sales has other values',
    );
  });

  test('need their column', async () => {
    const wrong = words`${FROM} --data ${SHOPS} --method ridge --series`;
    expect(await refused([...wrong, 'store'])).toContain('store');
    expect(await misused([...wrong, 'sales'])).toContain('the column "sales" is named twice');
    expect(await misused(words`train --series shop`)).toContain('--series needs --predict');
    expect(await refused(words`${FROM} --data ${SHOPS} --method ridge`)).toContain('1987-01-01 occurs twice');
  });
});
