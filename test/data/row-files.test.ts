/** Rows from files, as a program of `--program` reads them. */
import { writeFileSync } from 'node:fs';
import { loadRows } from '../../src/data/row-files.js';
import { inFolder, linesInFolder } from '../helpers/temporary-directories.js';

test('rows of a file have the columns that are asked for, as texts and numbers', async () => {
  const csv = linesInFolder('t.csv', [
    '\r',
    ' day , y,__proto__,__parsed_extra,y2,y2\r',
    '1,2,3,"4, ""x""",0,0\r',
    '',
    '2, ,4,5,0,0',
  ]);
  expect((await loadRows(csv, ['__proto__', '__parsed_extra', 'day', 'y'])).map(Object.entries)).toEqual([
    [
      ['__proto__', '3'],
      ['__parsed_extra', '4, "x"'],
      ['day', '1'],
      ['y', '2'],
    ],
    [
      ['__proto__', '4'],
      ['__parsed_extra', '5'],
      ['day', '2'],
      ['y', ''],
    ],
  ]);
  const objects = linesInFolder('t.ndjson', [
    '{"y":1.50,"day":"a"}',
    '{"y":null,"z":1}',
    '{"y":9007199254740993,"day":true}',
  ]);
  expect(await loadRows(objects, ['y', 'day'])).toEqual([
    { y: 1.5, day: 'a' },
    { y: '', day: '' },
    { y: 2 ** 53, day: 'true' }, // what reads the rows decides whether a number that JSON rounds will do
  ]);
});

test.each([
  ['a row with too many cells', 'a,b\n1,2,3\n', 'line 2: 3 cells, but the header has 2'],
  ['a row with too few cells', 'a,b\n1,2\n3\n', 'line 3: 1 cell, but the header has 2'],
  ['two columns of a name', 'a,b,a\n1,2,3\n', 'line 1: two columns are called "a"'],
  ['a column that is missing', 'b\n1\n', 'line 1: there is no column "a": the columns are b'],
  ['no rows', 'a\n', 'has no rows'],
])('a file with %s is refused', async (_, text, message) => {
  writeFileSync(inFolder('bad.csv'), text);
  await expect(loadRows(inFolder('bad.csv'), ['a'])).rejects.toThrow(message);
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
