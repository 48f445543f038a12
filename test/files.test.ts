/** Files that are read whole and replaced whole, whatever lies in the way. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../src/data-error.js';
import { previousOf, readFile, readIfPresent, replaceFile } from '../src/files.js';
import { historyIn } from '../src/cli/history.js';
import { temporaryDirectories } from './idx-files.js';

const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

const inNewFolder = (): string => path.join(directoryOf({}), 'file');
const namesBeside = (file: string): string[] => readdirSync(path.dirname(file)).sort();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('replacing', () => {
  test('leaves only the file, and the one before where that is asked for', () => {
    const file = inNewFolder();
    for (const text of ['one', 'two', 'three']) replaceFile(file, bytes(text), { keepOld: true });
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(file), 'utf8')]).toEqual(['three', 'two']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
    replaceFile(file, bytes('four'));
    expect(readFileSync(previousOf(file), 'utf8')).toBe('two');
  });

  test('what an interrupted one has left is no obstacle', () => {
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

  test('the file and the one before may be the same, as a kill between two renamings leaves them', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    spawnSync('ln', [file, previousOf(file)]);
    expect(statSync(file).nlink).toBe(2);
    replaceFile(file, bytes('two'), { keepOld: true });
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(file), 'utf8')]).toEqual(['two', 'one']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
  });

  test('a folder in its way is named, and the file is as it was', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    mkdirSync(`${file}.new`);
    expect(() => replaceFile(file, bytes('two'))).toThrow(DataError);
    expect(() => replaceFile(file, bytes('two'))).toThrow('cannot be written; the file that was there is as it was');
    expect(readFileSync(file, 'utf8')).toBe('one');
  });
});

describe('reading', () => {
  test('a pipe, a device and a folder are refused at once', () => {
    const pipe = inNewFolder();
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    for (const file of [pipe, '/dev/zero', path.dirname(pipe)])
      expect(() => readFile(file)).toThrow(`${file}: not a file`);
  });

  test('what is not there is undefined, or a DataError', () => {
    expect(readIfPresent(inNewFolder())).toBeUndefined();
    expect(() => readFile(inNewFolder())).toThrow(/: no such file$/);
    expect(() => readFile(path.join(inNewFolder(), 'below'))).toThrow(DataError);
  });

  test('a file larger than is read', () => {
    const file = inNewFolder();
    spawnSync('truncate', ['-s', '3G', file]);
    expect(() => readFile(file)).toThrow(/: 3221225472 bytes, at most 2147483647 are read$/);
  });

  test('a file that shrinks and grows meanwhile gives its first bytes', async () => {
    const file = inNewFolder();
    const whole = 'x'.repeat(1 << 20);
    writeFileSync(file, whole);
    const script = `const fs = require('fs'); console.log('go');
      for (;;) { fs.truncateSync(${JSON.stringify(file)}, 1000); fs.writeFileSync(${JSON.stringify(file)}, 'x'.repeat(1 << 20)); }`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const lengths = new Set<number>();
    try {
      for (let n = 0; n < 2000; n++) {
        const read = readFile(file);
        lengths.add(read.length);
        if (read.some((byte) => byte !== 120)) throw new Error('bytes that were never there');
      }
    } finally {
      child.kill('SIGKILL');
    }
    expect(lengths.size).toBeGreaterThan(1); // else it never changed under its reader
  });
});

describe('histories', () => {
  test('an empty file holds no rows, a larger one than any run writes is refused', () => {
    expect(historyIn(new Uint8Array(), 'h.csv')).toEqual([]);
    expect(historyIn(new Uint8Array(), 'h.ndjson')).toEqual([]);
    expect(() => historyIn(new Uint8Array(2 ** 26 + 1), 'h.csv')).toThrow('more than 67108864');
  });
});
