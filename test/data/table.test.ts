/** Tables of CSV, TSV and NDJSON, in pieces of any size, and the times in them; and rows of files, as a program of `--program` reads them. */
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { loadRows } from '../../src/data/row-files.js';
import { firstRows, TableReader } from '../../src/data/table-reader.js';
import type { ColumnKind, Table } from '../../src/data/table.js';
import { tableOf } from '../../src/data/table.js';
import { errorOf, expectDataError } from '../helpers/failures.js';
import { DataError } from '../../src/core/errors.js';
import { inFolder, linesInFolder } from '../helpers/temporary-directories.js';

type Wanted = Readonly<Record<string, ColumnKind>>;

/** The table of a text that arrives in pieces of this many characters. */
function read(text: string, wanted: Wanted, { name = 't.csv', piece = Infinity } = {}): Table {
  const reader = new TableReader(name, wanted);
  for (let at = 0; at < text.length; at += piece) reader.add(text.slice(at, at + piece));
  return reader.end();
}

/** The cells of a column: its numbers, or its texts; null where there is none. */
function cells(table: Table, name: string): (number | string | null)[] {
  const column = table.columns.get(name);
  if (!column) throw new Error(`there is no ${name}`);
  if (column.kind === 'text') return Array.from(column.values, (code) => (code < 0 ? null : column.words[code]));
  return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
}

const lines = (table: Table): number[] =>
  Array.from({ length: table.rows }, (_, row) => Number(/line (\d+)$/.exec(table.whereIs(row))?.[1]));

/** What a text is refused with. */
const refusal = (text: string, wanted: Wanted, options: { name?: string; piece?: number } = {}): string =>
  errorOf(DataError, () => read(text, wanted, options)).message;

const day = (text: string): number => Date.parse(`${text}T00:00Z`);

test('a whole number of JSON that f64 rounds is no text, and so no class', () => {
  const text = '{"g":1,"k":9007199254740992}\n';
  expect(cells(read(text, { k: 'number' }, { name: 't.ndjson' }), 'k')).toEqual([2 ** 53]);
  expect(refusal(text, { k: 'either' }, { name: 't.ndjson' })).toContain('a number beyond 2^53 is rounded');
  const csv = 'k\n9007199254740992\n9007199254740993\n';
  expect(cells(read(csv, { k: 'either' }), 'k')).toEqual(['9007199254740992', '9007199254740993']);
  expect(refusal('{"g":1e400}', { g: 'text' }, { name: 't.ndjson' })).toBe(
    't.ndjson, line 1: g is Infinity: a number beyond f64',
  );
  expect(refusal('{"g":1,"x":{"g":2},"g":1}', { g: 'number' }, { name: 't.ndjson' })).toBe(
    't.ndjson, line 1: not valid JSON (key "g" occurs twice)',
  );
  expect(refusal(text, { g: 'text', k: 'text' }, { name: 't.ndjson' })).toBe(
    't.ndjson, line 1: k is 9007199254740992: a number beyond 2^53 is rounded: write it as a text, in quotation marks',
  );
});

describe('a table', () => {
  test.each([
    ['commas', 't.csv', 'a,b,c\n1,x,2\n3,y,4\n'],
    ['semicolons', 't.csv', 'a;b;c\n1;x;2\n3;y;4\n'],
    ['bars', 't.csv', 'a|b|c\n1|x|2\n3|y|4\n'],
    ['tabs', 't.txt', 'a\tb\tc\n1\tx\t2\n3\ty\t4\n'],
    ['tabs, by the name', 't.tsv', 'a\tb\tc\n1\tx\t2\n3\ty\t4\n'],
    ['semicolons, below a title of two lines', 't.csv', '\n"d, e\nf, ""g""";a;b;c\n0;1;x;2\n0;3;y;4\n'],
    ['tabs, below a title of two lines', 't.txt', '"d\r\n, e, f, g, h"\ta\tb\tc\r\n0\t1\tx\t2\r\n0\t3\ty\t4\r\n'],
    ['semicolons, with a quotation mark within a title', 't.csv', 'd 5",;a;b;c\n0;1;x;2\n0;3;y;4\n'],
    ['semicolons, with commas within a title', 't.csv', 'a;price, net, gross, vat;b;c\n1;5;x;2\n3;5,5;y;4\n'],
    ['commas, with more bars within a title and a text', 't.csv', 'a,b,c,d|e|f|g|h\n1,x,2,i|j|k|l|m\n3,y,4,\n'],
    ['semicolons beside quoted commas', 't.csv', '"a";"b";"c";"d, e, f, g, h"\n1;x;2;0\n3;y;4;0\n'],
    ['CRLF', 't.csv', 'a,b,c\r\n1,x,2\r\n3,y,4\r\n'],
    ['a header with CRLF, and rows with LF', 't.csv', 'a,b,c\r\n1,x,2\n3,y,4\n'],
    ['rows with CRLF after a header with LF', 't.csv', 'a,b,c\n1,x,2\r\n3,y,4\r\n'],
    ['quotation marks', 't.csv', '"a","b","c"\r\n"1","x","2"\r\n"3","y","4"\r\n'],
    ['spaces', 't.csv', ' a , b,c \n 1 ,x , 2\n 3,"y" ,4\n'],
    ['no newline at the end', 't.csv', 'a,b,c\n1,x,2\n3,y,4'],
    ['a mark of the byte order', 't.csv', '\uFEFFa,b,c\n1,x,2\n3,y,4\n'],
    ['a mark of the byte order before a quotation mark', 't.csv', '\uFEFF"a",b,c\n1,x,2\n3,y,4\n'],
    ['other columns', 't.csv', 'z,b,a,,c\n,x,1,,2\n",",y,3,"\n\n",4\n'],
    ['objects', 't.ndjson', '{"a":1,"b":"x","c":2}\n{"c":"4","b":" y ","a":3}\n'],
    ['objects, by the first line', 't.json', '\n{"a":1,"b":"x","c":2}\r\n\r\n{"c":"4","b":"y","a":3}'],
  ])('of %s', (_, name, text) => {
    for (const piece of [1, 2, 3, 5, Infinity]) {
      const table = read(text, { a: 'number', b: 'text', c: 'either' }, { name, piece });
      const [a, b, c] = ['a', 'b', 'c'].map((name) => cells(table, name));
      expect({ rows: table.rows, a, b, c }).toEqual({ rows: 2, a: [1, 3], b: ['x', 'y'], c: [2, 4] });
    }
  });

  const cell = fc.string({
    unit: fc.constantFrom('a', 'B', '"', ',', '\n', '\r\n', ';', ' ', 'é', '😀', '{'),
    maxLength: 6,
  });

  test('is the same in pieces of every size, with the right cells and lines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell, fc.nat(3)), { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.boolean(),
        fc.boolean(),
        (rows, newline, delimiter, hasBom, endsInNewline) => {
          const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          let text = ['n', 'x', 'y'].join(delimiter) + newline;
          const expected: [line: number, x: string | null, y: string | null][] = [];
          for (const [x, y, empty] of rows) {
            text += newline.repeat(empty);
            const asRead = (one: string): string | null => one.trim() || null;
            expected.push([text.split('\n').length, asRead(x), asRead(y)]);
            text += [String(expected.length), quoted(x), quoted(y)].join(delimiter) + newline;
          }
          if (!endsInNewline) text = text.slice(0, -newline.length);
          if (hasBom) text = `\uFEFF${text}`;
          for (const piece of [1, 2, 3, 7, Infinity]) {
            const table = read(text, { x: 'text', y: 'text', n: 'number' }, { piece });
            const [xs, ys] = [cells(table, 'x'), cells(table, 'y')];
            expect(lines(table).map((line, row) => [line, xs[row], ys[row]])).toEqual(expected);
            expect(cells(table, 'n')).toEqual(rows.map((_, row) => row + 1));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('of any text is the same, or refused with the same message, in pieces of every size', () => {
    const outcome = (text: string, name: string, piece: number): unknown => {
      try {
        const table = read(text, { a: 'either', b: 'text' }, { name, piece });
        return [cells(table, 'a'), cells(table, 'b'), lines(table)];
      } catch (error) {
        if (error instanceof DataError) return error.message;
        throw error;
      }
    };
    const hostile = fc.string({
      unit: fc.constantFrom('a', 'b', ',', '\n', '"', '\r', ' ', '1', '{', '}', ':', '\uFEFF'),
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        hostile,
        fc.constantFrom('', 'a,b\n', '\n{"a":1}\n', '"a" ,b\r\n'),
        fc.constantFrom('t.csv', 't.jsonl'),
        (rest, start, name) => {
          const whole = outcome(start + rest, name, Infinity);
          for (const piece of [1, 2, 5]) expect(outcome(start + rest, name, piece)).toEqual(whole);
        },
      ),
      { numRuns: 400 },
    );
  });

  test.each<[string, string, number, string]>([
    ['a row of other cells', 'a,b\n1,2\n1,2,3\n', 3, '3 cells, but the header has 2'],
    ['fewer cells, after a quoted newline', 'a,b\n"\n\n",2\n1\n', 5, '1 cell, but the header has 2'],
    [
      'a decimal comma',
      'a;b\n1;2\n\n1,5;2\n',
      4,
      'a is "1,5": must be a number within f32 (±3.4028235e+38), with a point',
    ],
    ['a number beyond f32', 'a,b\n\r\n1,2\n-4e38,2\n', 4, 'a is "-4e38": must be a number within f32'],
    ['a number beyond f64', 'a,b\n1e999,2', 2, 'a is "1e999": must be a number within f32'],
    ['another notation', 'a,b\n0x10,2', 2, 'a is "0x10": must be'],
    ['infinity', 'a,b\n-Infinity,2', 2, 'a is "-Infinity": must be'],
    ['a column that is missing', '\n\na,c\n1,2\n', 3, 'there is no column "b": the columns are a, c'],
    ['a column of other case', 'a,B\n1,2\n', 1, 'there is no column "b": the columns are a, B'],
    ['a column twice', 'a,b, a\n1,2,3\n', 1, 'two columns are called "a"'],
    ['text after a quotation mark', 'a,b\n1,2\n1,"2"x\n', 3, 'Trailing quote on quoted field is malformed'],
    ['a quotation mark that is not closed', 'a,b\n1,2\n1,"2\n3,4\n', 3, 'Quoted field unterminated'],
    ['a list in NDJSON', '{"a":1,"b":2}\n[1,2]\n', 2, 'is not a JSON object'],
    ['broken NDJSON', '{"a":1,"b":2}\n\n{"a":1,\n', 3, 'not valid JSON ('],
    [
      'NDJSON of 1001 lists',
      `{"a":1,"b":${'['.repeat(1001)}}`,
      1,
      'not valid JSON (nested deeper than 1000 at position',
    ],
    ['an object in NDJSON', '{"a":{},"b":2}\n', 1, 'a is an Object: must be a number, a text or a date'],
  ])('refuses %s, with its line', (_, text, line, message) => {
    for (const piece of [1, 4, Infinity]) {
      expect(refusal(text, { a: 'number', b: 'either' }, { piece })).toContain(`t.csv, line ${line}: ${message}`);
    }
  });

  test.each(['', '\n\n', '\uFEFF', 'a,b', 'a,b\n', 'a,b\n\n \n'])('without rows is refused: %j', (text) => {
    expect(refusal(text, { a: 'number' })).toMatch(/has no rows|no column "a"/);
  });

  test('that is refused is shown in one short line', () => {
    const columns = Array.from({ length: 50 }, (_, n) => `c${n}`).join(',');
    expectDataError(() => read(`${columns}\n`, { a: 'number' }), /the columns are c0, c1, .*, c29 and 20 more$/);
    expectDataError(() => read('"x\ny",\u001b[1m,z\n', { a: 'number' }), 'the columns are "x\\ny", "\\u001b[1m", z');
    expectDataError(() => read(`a\n${'7'.repeat(1e5)}x\n`, { a: 'number' }), /a is "7{100}…": must be a number/);
  });

  test('has missing cells', () => {
    const text = `x,y\n${['', 'NA', 'n/a', 'NaN', 'null', 'None', '?', ' ', '""'].map((cell) => `${cell},1\n`).join('')}`;
    for (const kind of ['number', 'time', 'text', 'either'] as const) {
      expect(cells(read(text, { x: kind }), 'x')).toEqual(Array(9).fill(null));
    }
    const objects = '{"x":null}\n{}\n{"x":""}\n{"x":"nan"}\n';
    expect(cells(read(objects, { x: 'number' }, { name: 't.ndjson' }), 'x')).toEqual(Array(4).fill(null));
    const inherited = Object.fromEntries([['toString', 'text']]) as Wanted;
    expectDataError(() => read(objects, inherited, { name: 't.ndjson' }), 't.ndjson: no line has a column "toString"');
  });

  test('holds texts where a cell is no number', () => {
    expect(cells(read('x\n1\n\n2\nx\n?\n1\n', { x: 'either' }), 'x')).toEqual(['1', '2', 'x', null, '1']);
    expect(cells(read('x\n1\n1.0\n', { x: 'text' }), 'x')).toEqual(['1', '1.0']);
    expect(cells(read('x\n1\n1.0\n', { x: 'either' }), 'x')).toEqual([1, 1]);
  });

  test('has at most 100,000 different texts, and any count of different numbers', () => {
    const numbers = `x\n${Array.from({ length: 100_002 }, (_, n) => n).join('\n')}\n`;
    expect(read(numbers, { x: 'either' }).columns.get('x')?.values.subarray(-2)).toEqual(
      Float64Array.of(100_000, 100_001),
    );
    expect(refusal(`${numbers}y\n`, { x: 'either' })).toBe(
      't.csv, line 100004: x is "y": must be a number, because the column has more than 100000 different cells',
    );
    expect(refusal(numbers, { x: 'text' })).toBe(
      't.csv, line 100002: x is "100000": the column has more than 100000 different texts',
    );
    expect(refusal(`x\ny\n${numbers.slice(2)}`, { x: 'either' })).toContain(
      'line 100002: x is "99999": the column has',
    );
  });

  test('keeps one line number for rows that follow line after line', () => {
    const table = read(`x\n${'1\n'.repeat(5000)}\n"2"\n`, { x: 'number' });
    expect([table.whereIs(0), table.whereIs(4999), table.whereIs(5000)]).toEqual([
      't.csv, line 2',
      't.csv, line 5001',
      't.csv, line 5003',
    ]);
  });

  test('ends at a quotation mark that is never closed', () => {
    const reader = new TableReader('big.csv', { a: 'number' });
    reader.add('a,b\n1,2\n1,"2\n');
    const piece = '3,4\n'.repeat(2 ** 18);
    let added = 0;
    const add = (): void => {
      for (; added < 100; added++) reader.add(piece);
    };
    expectDataError(add, 'big.csv, line 3: a row of more than 1048576 characters: is a quotation mark missing?');
    expect(added).toBeLessThan(3);
  });

  /** Quadratic time, in which each piece reads the row again, would be a quarter of an hour. */
  test.each([
    ['the header', 't.csv', '', 'a,b', '1,2'],
    ['the first row', 't.csv', 'a,b\n', '1,2', '1,2'],
    ['a later row', 't.csv', 'a,b\n1,2\n1,2\n', '1,2', '1,2'],
    ['a line of JSON', 't.ndjson', '{"a":1}\n', '{"a":1}', '{"a":1}'],
  ])('refuses %s of more than 2^20 characters, wherever its pieces end, in linear time', (...row) => {
    const [, name, before, long, next] = row;
    const wanted: Wanted = { a: 'number' };
    const padded = (length: number): string => `${before}${long[0]}${' '.repeat(length - long.length)}${long.slice(1)}`;
    const line = before.split('\n').length;
    for (const piece of [128, 2 ** 18, Infinity]) {
      const table = read(`${padded(2 ** 20)}\n${next}\n`, wanted, { name, piece });
      expect(table.rows).toBeGreaterThan(0);
      expect(refusal(`${padded(2 ** 20 + 1)}\n${next}\n`, wanted, { name, piece })).toBe(
        `${name}, line ${line}: a row of more than 1048576 characters: is a quotation mark missing?`,
      );
    }
  });

  test('of objects in objects has a beginning, however deep', () => {
    const deep = `{"a":1,"b":${'['.repeat(1e5)}${']'.repeat(1e5)}}\n`;
    expect(firstRows('t.ndjson', `{"a":1}\n${deep}`, true, 10)).toEqual({ titles: ['a'], rows: [['1']] });
    expect(refusal(deep, { a: 'number' }, { name: 't.ndjson' })).toContain(
      'line 1: not valid JSON (nested deeper than',
    );
  });

  test('of rows in memory is the one of their file', () => {
    const rows = [
      { t: '1987-02-28', y: 1, k: 'x' },
      { t: '1987-03-01', y: null, k: 2 },
      { t: ' 1988 ', y: ' 3.5' },
    ];
    const wanted: Wanted = { t: 'time', y: 'number', k: 'either' };
    const table = tableOf('rows', rows, wanted);
    const file = read(rows.map((row) => JSON.stringify(row)).join('\n'), wanted, { name: 't.ndjson' });
    expect([...table.columns]).toEqual([...file.columns]);
    expect([table.rows, table.whereIs(2)]).toEqual([3, 'rows[2]']);
    expect(cells(tableOf('rows', [{ y: undefined }, { y: NaN }, {}], { y: 'number' }), 'y')).toEqual([
      null,
      null,
      null,
    ]);
    for (const [wrong, message] of [
      [[{ y: 1 }, { y: 'one' }], 'rows[1]: y is "one": must be a number'],
      [[{ y: Infinity }], 'rows[0]: y is Infinity: a number beyond f64'],
      [[{ y: [1] }], 'rows[0]: y is an Array: must be a number, a text or a date'],
    ] as const)
      expectDataError(() => tableOf('rows', wrong, { y: 'number' }), message);
  });
});

describe('a column of times', () => {
  const time = (text: string): number | string | null => cells(read(`t,x\n"${text}",\n`, { t: 'time' }), 't')[0];

  test.each([
    ['1987', day('1987-01-01')],
    ['1987-02', day('1987-02-01')],
    ['1988-02-29', day('1988-02-29')],
    ['2000-02-29', day('2000-02-29')],
    ['0001-01-01', day('0001-01-01')],
    ['1969-12-31', -86_400_000],
    ['1970-01-01T00:00', 0],
    ['1970-01-01 23:59', 86_340_000],
    ['1970-01-01T00:00:59', 59_000],
    ['1970-01-01T00:00:00.5', 500],
    ['1970-01-01T00:00:00.123456789Z', 123],
    ['1970-01-01T00:00Z', 0],
    ['1970-01-01T00:00+01:30', -5_400_000],
    ['1970-01-01T00:00-0800', 28_800_000],
    ['9999-12-31T23:59+02:00', day('9999-12-31') + 79_140_000],
  ])('reads %s', (text, expected) => expect(time(text)).toBe(expected));

  test('reads every millisecond', () => {
    for (let ms = 0; ms < 1000; ms++) {
      expect(time(`1970-01-01T00:00:00.${String(ms).padStart(3, '0')}`)).toBe(ms);
    }
  });

  test.each([
    ...['1987-02-29', '1900-02-29', '1987-04-31', '1987-13-01', '1987-00-01', '1987-01-00'],
    ...['87-01-01', '1987-1-1', '1987/01/01', '01.02.1987', '1987Q5', '1987-W54', '19870101', 'yesterday'],
    ...['T24:00', 'T12:60', 'T12', 'T12:00:60', 'Z', 'T12:00+24:00', 'T12:00+01:60', 'T12:00 PM'].map(
      (clock) => `1987-01-01${clock}`,
    ),
    ...['1987Z', '9999-12-31T23:59-02:00', '0000-01-01T00:00+02:00'],
  ])('refuses %s', (text) => {
    expect(() => time(text)).toThrow(
      `t.csv, line 2: t is "${text}": must be a day that exists, in the form 1987, 1987-02, 1987-02-28, 1987-02-28T12:30, 1987Q1 or`,
    );
  });
});

test('rows of a file have the columns that are asked for, as texts and numbers', async () => {
  const header = ' day , y,__proto__,__parsed_extra,y2,y2\r';
  const csv = linesInFolder('t.csv', ['\r', header, '1,2,3,"4, ""x""",0,0\r', '', '2, ,4,5,0,0']);
  const names = ['__proto__', '__parsed_extra', 'day', 'y'];
  const rows = await loadRows(csv, names);
  expect(rows.map(Object.keys)).toEqual([names, names]);
  expect(rows.map(Object.values)).toEqual(['3|4, "x"|1|2', '4|5|2|'].map((row) => row.split('|')));
  const texts = ['{"y":1.50,"day":"a"}', '{"y":null,"z":1}', '{"y":9007199254740993,"day":true}'];
  const objects = linesInFolder('t.ndjson', texts);
  expect(await loadRows(objects, ['y', 'day'])).toEqual([
    { y: 1.5, day: 'a' },
    { y: '', day: '' },
    { y: 2 ** 53, day: 'true' }, // what reads the rows decides whether a number that JSON rounds will do
  ]);
});

test.each([
  ['a row with too many cells', ['a,b', '1,2,3'], 'line 2: 3 cells, but the header has 2'],
  ['no rows', ['a'], 'has no rows'],
])('a file with %s is refused', async (_, lines, message) => {
  await expect(loadRows(linesInFolder('bad.csv', lines), ['a'])).rejects.toThrow(message);
});

test('wrong arguments, other bytes, and files that do not exist are refused', async () => {
  writeFileSync(inFolder('bytes.csv'), Uint8Array.of(97, 10, 0xff));
  await expect(loadRows(inFolder('bytes.csv'), ['a'])).rejects.toThrow('bytes.csv: is not a text in UTF-8');
  await expect(loadRows(inFolder('none.csv'), ['a'])).rejects.toThrow('none.csv: no such file');
  await expect(loadRows(inFolder('none.csv'), 'a' as unknown as [])).rejects.toThrow(
    'loadRows: columns "a": must be a list',
  );
  await expect(loadRows(5 as unknown as string, ['a'])).rejects.toThrow('loadRows: file is 5: must be a text');
});
