/** Files are read and replaced as a whole, even if folders, links, pipes or leftovers are in the way. Histories, and SHA-256. */
import { jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { historyIn } from '../../src/cli/history.js';
import { DataError } from '../../src/core/errors.js';
import {
  assertReplaceable,
  makeFolder,
  previousOf,
  readFile,
  readIfPresent,
  replaceFile,
} from '../../src/files/disk.js';
import { fastSha256Of, sha256Of } from '../../src/files/sha256.js';
import { expectDataError } from '../helpers/failures.js';
import { runProcess } from '../helpers/longhand-process.js';
import { runModule } from '../helpers/run-module.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const inNewFolder = (): string => path.join(directoryOf(), 'file');
const namesBeside = (file: string): string[] => readdirSync(path.dirname(file)).sort();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('replacing', () => {
  test('leaves only the file, and with `keepOld` also the previous one', () => {
    const file = inNewFolder();
    for (const text of ['one', 'two', 'three']) replaceFile(file, bytes(text), { keepOld: true });
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(file), 'utf8')]).toEqual(['three', 'two']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
    replaceFile(file, bytes('four'));
    expect(readFileSync(previousOf(file), 'utf8')).toBe('two');
  });

  test('ignores the files that an interrupted replacement has left', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    writeFileSync(`${file}.old`, 'left');
    const elsewhere = inNewFolder();
    writeFileSync(elsewhere, 'untouched');
    symlinkSync(elsewhere, `${file}.new`);
    replaceFile(file, bytes('two'), { keepOld: true });
    expect(readFileSync(elsewhere, 'utf8')).toBe('untouched');
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(file), 'utf8')]).toEqual(['two', 'one']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
  });

  test('works if the file and the previous one are one file, as after a kill between two renamings', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    spawnSync('ln', [file, previousOf(file)]);
    expect(statSync(file).nlink).toBe(2);
    replaceFile(file, bytes('two'), { keepOld: true });
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(file), 'utf8')]).toEqual(['two', 'one']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
  });

  test('with a folder in the way is a DataError, and leaves the file unchanged', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    mkdirSync(`${file}.new`);
    expectDataError(() => replaceFile(file, bytes('two')), 'cannot be written; the old file is unchanged');
    expect(readFileSync(file, 'utf8')).toBe('one');
  });

  test.each(['.new', '.old', '.previous'])('with a folder at %s names it, and leaves nothing behind', (suffix) => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    mkdirSync(file + suffix);
    expect(() => assertReplaceable(file, { keepOld: true })).toThrow(`(${file}${suffix} is a directory)`);
    expect(() => replaceFile(file, bytes('two'), { keepOld: true })).toThrow(
      `${file}: cannot be written; the old file is unchanged (${file}${suffix} is a directory)`,
    );
    expect(namesBeside(file)).toEqual(['file', `file${suffix}`]);
    expect(readFileSync(file, 'utf8')).toBe('one');
    if (suffix !== '.new') replaceFile(file, bytes('two')); // without `keepOld` it needs no other name
    expect(readFileSync(file, 'utf8')).toBe(suffix === '.new' ? 'one' : 'two');
  });
});

describe('a replacement that fails', () => {
  const files = ['', '.new', '.old', '.previous'] as const;
  const contentsBeside = (file: string) =>
    Object.fromEntries(
      namesBeside(file)
        .filter((name) => !statSync(path.join(path.dirname(file), name)).isDirectory())
        .map((name) => [name, readFileSync(path.join(path.dirname(file), name), 'utf8')]),
    );

  test.each(files)('because of a folder at "%s" removes no file beside it', (inTheWay) => {
    const file = inNewFolder();
    for (const suffix of files) {
      if (suffix === inTheWay) mkdirSync(file + suffix);
      else writeFileSync(file + suffix, `the user's ${suffix}`);
    }
    const before = contentsBeside(file);
    expect(Object.keys(before)).toHaveLength(3);
    expect(() => replaceFile(file, bytes('two'), { keepOld: true })).toThrow(DataError);
    expect(() => assertReplaceable(file, { keepOld: true })).toThrow(DataError);
    expect(contentsBeside(file)).toEqual(before);
  });

  test('because of a full disk leaves the .old of an earlier one, and nothing of its own', async () => {
    const file = inNewFolder();
    for (const suffix of ['', '.old']) writeFileSync(file + suffix, `the user's ${suffix}`);
    const before = contentsBeside(file);
    const failing = "const error = new Error('full'); error.code = 'ENOSPC'; fs.fsyncSync = () => { throw error; };";
    expect((await replacing(file, failing)).stderr).toBe(
      `DataError: ${file}: cannot be written; the old file is unchanged (the disk is full)\n`,
    );
    expect(contentsBeside(file)).toEqual(before);
  });

  test('while it renames the old contents reports their name, and has flushed the new file', async () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    const logging = `
      const { fsyncSync, renameSync } = fs;
      fs.fsyncSync = (descriptor) => {
        console.log(fs.fstatSync(descriptor).isDirectory() ? 'flush folder' : 'flush file');
        fsyncSync(descriptor);
      };
      fs.renameSync = (from, to) => {
        if (to.endsWith('.previous')) throw new Error('no such luck');
        console.log('rename');
        renameSync(from, to);
      };`;
    const { stdout, stderr } = await replacing(file, logging);
    expect(stderr).toBe(
      `DataError: ${file}: has been written, but its old contents are still named ${file}.old (no such luck)\n`,
    );
    expect(stdout.split('\n')).toEqual(['flush file', 'rename', 'flush folder', '']);
    expect(contentsBeside(file)).toEqual({ file: 'two', 'file.old': 'one' });
  });

  /** `replaceFile` with `keepOld` in a process in which `change` has changed `fs`. */
  const replacing = (file: string, change: string) =>
    runProcess(process.execPath, [
      '--input-type=module',
      '--eval',
      `import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      ${change}
      syncBuiltinESMExports();
      const { replaceFile } = await import(${JSON.stringify(pathToFileURL('dist/src/files/disk.js').href)});
      try {
        replaceFile(${JSON.stringify(file)}, new TextEncoder().encode('two'), { keepOld: true });
      } catch (error) {
        console.error(String(error));
      }`,
    ]);
});

describe('replacing through symbolic links', () => {
  test('replaces the file that they lead to, and leaves the links', () => {
    const file = inNewFolder();
    const folder = path.dirname(file);
    mkdirSync(path.join(folder, 'sub'));
    symlinkSync('sub', path.join(folder, 'linked'));
    symlinkSync('linked/../file', path.join(folder, 'one'));
    symlinkSync(path.join(folder, 'one'), path.join(folder, 'sub/two'));
    const link = path.join(folder, 'linked/two');
    replaceFile(link, bytes('one'), { keepOld: true }); // the last link leads to nothing yet
    replaceFile(link, bytes('two'), { keepOld: true });
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(link), 'utf8')]).toEqual(['two', 'one']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous', 'linked', 'one', 'sub']);
    expect(namesBeside(link)).toEqual(['two']);
    expect([lstatSync(link), lstatSync(path.join(folder, 'one'))].every((stats) => stats.isSymbolicLink())).toBe(true);
  });

  test('in a loop is refused', () => {
    const file = inNewFolder();
    symlinkSync('file', file);
    for (const work of [() => replaceFile(file, bytes('')), () => assertReplaceable(file), () => readFile(file)])
      expect(work).toThrow(DataError);
    expect(() => replaceFile(file, bytes(''))).toThrow(`${file}: a loop of symbolic links`);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
  });
});

test('an empty name is refused, and makes no file in the working directory', () => {
  const before = readdirSync('.');
  const keepOld = true;
  for (const work of [() => replaceFile('', bytes(''), { keepOld }), () => assertReplaceable(''), () => readFile('')]) {
    expectDataError(work, "'': a file name must not be empty");
  }
  expect(readdirSync('.')).toEqual(before);
});

describe('reading', () => {
  test('a pipe, a device and a folder are refused at once', () => {
    const pipe = inNewFolder();
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    for (const file of [pipe, '/dev/zero', path.dirname(pipe)])
      expect(() => readFile(file)).toThrow(`${file}: not a file`);
  });

  test('a stream of the process is not replaced, even if it leads to a file', () => {
    const file = inNewFolder();
    writeFileSync(file, 'kept');
    const descriptor = openSync(file, 'a');
    for (const name of [
      `/dev/fd/${descriptor}`,
      `/proc/self/fd/${descriptor}`,
      `/proc/self/../self/fd/${descriptor}`,
    ]) {
      for (const write of [() => replaceFile(name, Buffer.from('new')), () => assertReplaceable(name)])
        expect(write).toThrow(new DataError(`${name}: not a file, but a stream of the process: name a file`));
    }
    closeSync(descriptor);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  test('a missing file is undefined from readIfPresent, and a DataError from readFile', () => {
    expect(readIfPresent(inNewFolder())).toBeUndefined();
    expect(() => readFile(inNewFolder())).toThrow(/: no such file$/);
    expect(() => readFile(path.join(inNewFolder(), 'below'))).toThrow(DataError);
  });

  test('a file of more than 2 GiB is refused', () => {
    const file = inNewFolder();
    spawnSync('truncate', ['-s', '3G', file]);
    expect(() => readFile(file)).toThrow(/: 3221225472 bytes, more than the limit of 2147483647$/);
  });

  test('a file that shrinks or grows while it is read gives its first bytes', () => {
    const { stdout, stderr } = runModule(`
      import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      import { readFile } from './dist/src/files/disk.js';

      const file = ${JSON.stringify(inNewFolder())};
      const { readSync } = fs;
      /** Reads 2000 bytes at a time. After the first, the file has another size. */
      const lengthWith = (size) => {
        fs.writeFileSync(file, 'x'.repeat(5000));
        fs.readSync = (descriptor, bytes, offset, length, position) => {
          const count = readSync(descriptor, bytes, offset, Math.min(length, 2000), position);
          if (position === 0) fs.truncateSync(file, size);
          return count;
        };
        syncBuiltinESMExports();
        const read = readFile(file);
        if (read.some((byte) => byte !== 120)) throw new Error('bytes that were never there');
        return read.length;
      };
      console.log(JSON.stringify([1000, 3000, 9000].map(lengthWith)));`);
    expect({ stdout, stderr }).toEqual({ stdout: '[2000,3000,5000]\n', stderr: '' });
  });
});

describe('histories', () => {
  const csv = (...rows: string[]) => historyIn(bytes(['set,step,loss,accuracy', ...rows, ''].join('\n')), 'h.csv');
  const ndjson = (...rows: string[]) => historyIn(bytes([...rows, ''].join('\n')), 'h.ndjson');

  test('an empty file has no rows, and a file larger than any run writes is refused', () => {
    expect(historyIn(new Uint8Array(), 'h.csv')).toEqual([]);
    expect(historyIn(new Uint8Array(), 'h.ndjson')).toEqual([]);
    expect(() => historyIn(new Uint8Array(2 ** 26 + 1), 'h.csv')).toThrow('more than 67108864');
  });

  test('numbers are read as JavaScript writes them, and an incomplete last row is ignored', () => {
    const rows = [
      { set: 'train', step: 10, loss: 2.5e-7, accuracy: 0 },
      { set: 'validation', step: 2 ** 53 - 1, loss: 1e21, accuracy: 1 },
    ];
    expect(csv(...rows.map((row) => Object.values(row).join(',')))).toEqual(rows);
    expect(ndjson(...rows.map((row) => JSON.stringify(row)))).toEqual(rows);
    expect(historyIn(bytes('set,step,loss,accuracy\ntrain,1,2,0.5\ntrain,2'), 'h.csv')).toHaveLength(1);
  });

  test('a CSV that a spreadsheet has saved, with carriage returns and a byte order mark, has the same rows', () => {
    const [first, second] = ['train,1,2,0.5', 'validation,1,3,'];
    const saved = historyIn(bytes(`\ufeff${['set,step,loss,accuracy', first, second, ''].join('\r\n')}`), 'h.csv');
    expect(saved).toEqual(csv(first, second));
  });

  test.each([
    ...[
      'train,0x10,1,0.5',
      'train,10,0x1,0.5',
      'train,10,1,0x1',
      'train,-1,1,0.5',
      'train,1.5,1,0.5',
      'train,1e1,1,0.5',
    ],
    ...[
      'train,,1,0.5',
      'train, 1,1,0.5',
      'train,1,1,0.5\r',
      'train,1,1 ,0.5',
      'train,1,NaN,0.5',
      'train,1,Infinity,0.5',
    ],
    ...['train,1,1e999,0.5', 'train,9007199254740992,1,0.5', 'test,1,1,0.5', 'train,1,1', 'train,1,1,0.5,', ''],
  ])('the CSV row %j is refused', (row) => {
    expectDataError(
      () => csv('train,1,2.5,0.5', row),
      `h.csv: row 2 is not a row of a history: ${JSON.stringify(row)}`,
    );
  });

  test.each([
    ['{"set":"train","step":1,"step":2,"loss":1,"accuracy":0.5}', 'not valid JSON (key "step" occurs twice)'],
    ['{"set":"train","set":"train","step":2,"loss":1,"accuracy":0.5}', 'not valid JSON (key "set" occurs twice)'],
    ['{"set":"train","step":0x10,"loss":1,"accuracy":0.5}', 'not valid JSON'],
    ['{"set":"train","step":-1,"loss":1,"accuracy":0.5}', 'step is -1, must be a whole number from 0'],
    ['{"set":"train","step":1.5,"loss":1,"accuracy":0.5}', 'step is 1.5, must be'],
    ['{"set":"train","step":"1","loss":1,"accuracy":0.5}', 'step is "1", must be'],
    ['{"set":"train","step":1,"loss":1e999,"accuracy":0.5}', 'loss is Infinity, must be a number'],
    ['{"set":"train","step":1,"loss":null,"accuracy":0.5}', 'loss is null, must be a number'],
    ['{"set":"train","step":1,"loss":1,"accuracy":"0.5"}', 'accuracy is "0.5", must be a number or null'],
    ['{"set":"train","step":1,"loss":1,"accuracy":1e999}', 'accuracy is Infinity, must be a number or null'],
    ['{"set":"test","step":1,"loss":1,"accuracy":0.5}', 'set is "test", must be one of train, validation'],
    ['{"set":"train","step":1,"loss":1}', 'field accuracy is missing'],
    ['{"set":"train","step":1,"loss":1,"accuracy":0.5,"note":1}', 'unknown field "note"'],
    ['["train",1,1,0.5]', 'must be an object'],
    ['', 'not valid JSON'],
  ])('the NDJSON row %s is refused', (row, message) => {
    const good = '{"set":"train","step":1,"loss":2.5,"accuracy":0.5}';
    expectDataError(() => ndjson(good, row), `h.ndjson: row 2: ${message}`);
  });
});

const BYTES = Uint8Array.from({ length: 300 }, (_, n) => n * n);

/** Views of one buffer, read again with each loop. */
const PARTS: Iterable<Uint8Array> = {
  *[Symbol.iterator]() {
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 200],
      [200, 300],
    ]) {
      yield BYTES.subarray(from, to);
    }
  },
};

test('folders are made all or not at all, also through one that is left again', () => {
  const top = directoryOf();
  const made = (name: string): string => `${top}/${name}`;
  expect(makeFolder(made('a/../b/c'))).toEqual(['a', 'a/../b', 'a/../b/c'].map(made));
  expect(makeFolder(made('b'))).toEqual([]);
  expectDataError(() => makeFolder(made(`d/${'x'.repeat(300)}`)), 'cannot be created');
  expect(readdirSync(top).sort()).toEqual(['a', 'b']);
});

/** Against Node's own. */
test.each([
  ['no bytes', [], ''],
  ['several parts', PARTS, BYTES],
])('SHA-256 of %s, in one piece or part by part', async (_, parts, whole) => {
  const expected = createHash('sha256').update(whole).digest('hex');
  expect(sha256Of(parts)).toBe(expected);
  expect(await fastSha256Of(parts)).toBe(expected);
  expect(await fastSha256Of(parts, 100)).toBe(expected);
});

test('SHA-256 of parts in shared memory, and without the platform’s own', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(300));
  shared.set(BYTES);
  const expected = createHash('sha256').update(BYTES).digest('hex');
  expect(await fastSha256Of([shared])).toBe(expected);
  const subtle = jest.spyOn(crypto, 'subtle', 'get').mockReturnValue(undefined as unknown as SubtleCrypto);
  expect(await fastSha256Of([shared])).toBe(expected);
  subtle.mockRestore();
});
