/** Files are read and replaced as a whole, even if folders, links, pipes or leftovers are in the way. Histories, and SHA-256. */
import { jest } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { historyIn } from '../../src/cli/history.js';
import { DataError } from '../../src/core/errors.js';
import { assertReplaceable, previousOf, replaceFile } from '../../src/files/disk-replace.js';
import { makeFolder, readFile, readIfPresent } from '../../src/files/disk.js';
import { fastSha256Of, sha256Of } from '../../src/files/sha256.js';
import { asOnlyRun, nameBeside } from '../../src/files/disk-writers.js';
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

  test('works if the file and the previous one are one file, as after a kill between two renamings', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    spawnSync('ln', [file, previousOf(file)]);
    expect(statSync(file).nlink).toBe(2);
    replaceFile(file, bytes('two'), { keepOld: true });
    expect([readFileSync(file, 'utf8'), readFileSync(previousOf(file), 'utf8')]).toEqual(['two', 'one']);
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
  });

  test('with a folder at .previous names it, and leaves nothing behind', () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    mkdirSync(previousOf(file));
    expect(() => assertReplaceable(file, { keepOld: true })).toThrow(`(${file}.previous is a directory)`);
    expect(() => replaceFile(file, bytes('two'), { keepOld: true })).toThrow(
      `${file}: cannot be written; the old file is unchanged (${file}.previous is a directory)`,
    );
    expect(namesBeside(file)).toEqual(['file', 'file.previous']);
    expect(readFileSync(file, 'utf8')).toBe('one');
    replaceFile(file, bytes('two')); // without `keepOld` it needs no other name
    expect(readFileSync(file, 'utf8')).toBe('two');
  });

  test('keeps the permissions, in .previous too; a new file follows the umask', () => {
    const file = inNewFolder();
    const permissionsOf = (name: string): string => (statSync(name).mode & 0o777).toString(8);
    const before = process.umask(0o027);
    try {
      replaceFile(file, bytes('one'), { keepOld: true });
      expect(permissionsOf(file)).toBe('640');
      for (const mode of [0o600, 0o666, 0o755]) {
        chmodSync(file, mode);
        replaceFile(file, bytes('two'), { keepOld: true });
        expect([file, previousOf(file)].map(permissionsOf)).toEqual([mode.toString(8), mode.toString(8)]);
      }
    } finally {
      process.umask(before);
    }
  });
});

describe('what lies beside a file', () => {
  test('has a name that the system allows, if the file has the longest one', () => {
    const file = path.join(directoryOf(), 'λ'.repeat(127));
    replaceFile(file, bytes('one'));
    writeFileSync(nameBeside(file, 'new').replace(/-\d+-\w+-/, `-${ended()}-0-`), 'left');
    replaceFile(file, bytes('two'));
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
  });

  const ended = (): number => spawnSync(process.execPath, ['--eval', '']).pid;

  test('is deleted if its process no longer exists, and stays if that may exist', () => {
    const file = inNewFolder();
    const own = nameBeside(file, 'new');
    const [, place, pid, start] = /\.(\w{8})-(\d+)-(\w+)-\w{8}\.new$/.exec(own)!;
    const [day, week] = [Date.now() / 1000 - 86_000, Date.now() / 1000 - 7 * 86_400];
    const left: Readonly<Record<string, 'deleted' | 'stays'>> = {
      [`${place}-${ended()}-${start}-01234567.new`]: 'deleted',
      [`${place}-${ended()}-${start}-01234567.old`]: 'deleted',
      [`${place}-${ended()}-${start}.lock`]: 'deleted',
      // the number belongs to a later process; where a start time is unknown, this cannot be seen
      [`${place}-${pid}-${start}1-01234567.new`]: start === '0' ? 'stays' : 'deleted',
      [`${place}-${pid}-${start}-01234567.new`]: 'stays',
      [`00000000-${ended()}-${start}-01234567.new`]: 'stays', // of another computer
      [`00000000-${ended()}-${start}-76543210.new`]: 'deleted', // for a week
      [`${place}-${ended()}-${start}-0123456.new`]: 'stays', // no name of ours, as are the next ones
      new: 'stays',
      old: 'stays',
    };
    for (const name of Object.keys(left)) {
      writeFileSync(`${file}.${name}`, 'left');
      const written = name.includes('76543210') ? week : day;
      utimesSync(`${file}.${name}`, written, written);
    }
    writeFileSync(`${file}2.${place}-${ended()}-${start}-01234567.new`, 'of another file');
    replaceFile(file, bytes('two'));
    const stays = Object.keys(left).filter((name) => left[name] === 'stays');
    const other = namesBeside(file).filter((name) => name.startsWith('file2'));
    expect(other).toHaveLength(1);
    expect(namesBeside(file)).toEqual(['file', ...other, ...stays.map((name) => `file.${name}`)].sort());
  });

  test('stays if its process belongs to another user', () => {
    const file = inNewFolder();
    const left = nameBeside(file, 'new').replace(/-\d+-/, `-${ended()}-`);
    writeFileSync(left, 'left');
    const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
      throw Object.assign(new Error('not yours'), { code: 'EPERM' });
    });
    replaceFile(file, bytes('two'));
    kill.mockRestore();
    expect(namesBeside(file)).toContain(path.basename(left));
    replaceFile(file, bytes('two'));
    expect(namesBeside(file)).toEqual(['file']);
  });

  test('has a new name for each writer, so that a link of a stranger is not followed', () => {
    const names = Array.from({ length: 100 }, () => nameBeside('file', 'new'));
    expect(new Set(names).size).toBe(100);
  });
});

describe('a file that a run writes', () => {
  const modules = ['disk-replace', 'disk-writers'].map((name) => pathToFileURL(`dist/src/files/${name}.js`).href);

  test('is refused to another process until the run ends, even by SIGKILL', async () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    const program = `
      import { asOnlyRun } from ${JSON.stringify(modules[1])};
      setInterval(() => {}, 1000);
      await asOnlyRun([${JSON.stringify(file)}], () => new Promise(() => console.log('begun')));`;
    const run = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    await once(run.stdout, 'data');
    const lock = namesBeside(file).find((name) => name.endsWith('.lock'))!;
    const reason = `(process ${run.pid} is writing it: wait until that run ends, or name another file; its mark is ${path.join(path.dirname(file), lock)})`;
    expectDataError(() => assertReplaceable(file), `${file}: cannot be written ${reason}`);
    expectDataError(() => replaceFile(file, bytes('two')), `cannot be written; the old file is unchanged ${reason}`);
    await expect(asOnlyRun([file], () => Promise.resolve())).rejects.toThrow(reason);
    expect(namesBeside(file)).toEqual(['file', lock]);
    run.kill('SIGKILL');
    await once(run, 'exit');
    await asOnlyRun([file], () => {
      replaceFile(file, bytes('two'));
      return Promise.resolve();
    });
    expect(namesBeside(file)).toEqual(['file']);
    expect(readFileSync(file, 'utf8')).toBe('two');
  });

  test('is refused to another run of this process, while the run itself writes it; and is free after a failure', async () => {
    const file = inNewFolder();
    const failing = asOnlyRun([file], async () => {
      replaceFile(file, bytes('one'));
      const other = [`${file}2`, file];
      await expect(asOnlyRun(other, () => Promise.resolve())).rejects.toThrow(
        `${file}: cannot be written (another run of this process is writing it: ${file}.`,
      );
      throw new Error('diverged');
    });
    await expect(failing).rejects.toThrow('diverged');
    expect(namesBeside(file)).toEqual(['file']);
  });
});

describe('a replacement that fails', () => {
  const files = ['', '.previous'] as const;
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
    expect(Object.keys(before)).toHaveLength(1);
    expect(() => replaceFile(file, bytes('two'), { keepOld: true })).toThrow(DataError);
    expect(() => assertReplaceable(file, { keepOld: true })).toThrow(DataError);
    expect(contentsBeside(file)).toEqual(before);
  });

  test('because of a full disk leaves the old contents, and nothing of its own', async () => {
    const file = inNewFolder();
    for (const suffix of files) writeFileSync(file + suffix, `the user's ${suffix}`);
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
    const old = path.join(
      path.dirname(file),
      namesBeside(file).find((name) => name.endsWith('.old'))!,
    );
    expect(stderr).toBe(
      `DataError: ${file}: has been written, but its old contents are still named ${old} (no such luck)\n`,
    );
    expect(stdout.split('\n')).toEqual(['flush file', 'rename', 'flush folder', '']);
    expect(contentsBeside(file)).toEqual({ file: 'two', [path.basename(old)]: 'one' });
  });

  /** The old file has another owner and group. */
  const ofAnother = `
    const { statSync } = fs;
    fs.statSync = (name, options) => {
      const stats = statSync(name, options);
      return name.endsWith('/file') ? Object.assign(stats, { uid: 1234, gid: 5678 }) : stats;
    };`;

  test('keeps the owner and the group if it may; members of another group get no more rights than strangers', async () => {
    const file = inNewFolder();
    const permissions = async (change: string): Promise<[stdout: string, mode: string]> => {
      writeFileSync(file, 'one');
      chmodSync(file, 0o674);
      const { stdout, stderr } = await replacing(file, ofAnother + change);
      expect(stderr).toBe('');
      return [stdout, (statSync(file).mode & 0o777).toString(8)];
    };
    const logged = 'fs.fchownSync = (_, uid, gid) => console.log(`owner ${uid === 1234} group ${gid === 5678}`);';
    expect(await permissions(logged)).toEqual(['owner true group true\n', '674']);
    const groupOnly = "fs.fchownSync = (_, uid) => { if (uid === 1234) throw new Error('not root'); };";
    expect(await permissions(groupOnly)).toEqual(['', '674']);
    const none = "fs.fchownSync = () => { throw new Error('not root'); };";
    expect(await permissions(none)).toEqual(['', '644']);
  });

  test('because another user owns the file in a folder such as /tmp says so', async () => {
    const file = inNewFolder();
    writeFileSync(file, 'one');
    const sticky = `${ofAnother}
      const inSticky = fs.statSync;
      fs.statSync = (name, options) => {
        const stats = inSticky(name, options);
        return stats?.isDirectory() ? Object.assign(stats, { uid: 0, mode: 0o41777 }) : stats;
      };
      process.geteuid = () => 1000;`;
    expect((await replacing(file, sticky)).stderr).toBe(
      `DataError: ${file}: cannot be written; the old file is unchanged (another user owns it, and its folder is sticky)\n`,
    );
    expect(contentsBeside(file)).toEqual({ file: 'one' });
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
      const { replaceFile } = await import(${JSON.stringify(pathToFileURL('dist/src/files/disk-replace.js').href)});
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
  for (const work of [() => replaceFile('', bytes(''), { keepOld }), () => assertReplaceable(''), () => readFile('')])
    expectDataError(work, "'': a file name must not be empty");
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
  const GOOD = '{"set":"train","step":1,"loss":2.5,"accuracy":0.5}';
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
    ...['0x10', '-1', '1.5', '1e1', '', ' 1', '9007199254740992'].map((step) => `train,${step},1,0.5`),
    ...['0x1', '1 ', 'NaN', 'Infinity', '1e999'].map((loss) => `train,1,${loss},0.5`),
    ...['train,10,1,0x1', 'train,1,1,0.5\r', 'test,1,1,0.5', 'train,1,1', 'train,1,1,0.5,', ''],
  ])('the CSV row %j is refused', (row) => {
    expectDataError(
      () => csv('train,1,2.5,0.5', row),
      `h.csv: row 2 is not a row of a history: ${JSON.stringify(row)}`,
    );
  });

  test.each([
    ['{"set":"train","step":1,"step":2,"loss":1,"accuracy":0.5}', 'not valid JSON (key "step" occurs twice)'],
    ['{"set":"train","set":"train","step":2,"loss":1,"accuracy":0.5}', 'not valid JSON (key "set" occurs twice)'],
    ...[
      ['step', '0x10', 'not valid JSON'],
      ['step', '-1', 'step is -1, must be a whole number from 0'],
      ['step', '1.5', 'step is 1.5, must be'],
      ['step', '"1"', 'step is "1", must be'],
      ['loss', '1e999', 'loss is Infinity, must be a number'],
      ['loss', 'null', 'loss is null, must be a number'],
      ['accuracy', '"0.5"', 'accuracy is "0.5", must be a number or null'],
      ['accuracy', '1e999', 'accuracy is Infinity, must be a number or null'],
      ['set', '"test"', 'set is "test", must be one of train, validation'],
    ].map(([field, value, message]) => [GOOD.replace(new RegExp(`"${field}":[^,}]+`), `"${field}":${value}`), message]),
    ['{"set":"train","step":1,"loss":1}', 'field accuracy is missing'],
    [GOOD.replace('}', ',"note":1}'), 'unknown field "note"'],
    ['["train",1,1,0.5]', 'must be an object'],
    ['', 'not valid JSON'],
  ])('the NDJSON row %s is refused', (row, message) => {
    expectDataError(() => ndjson(GOOD, row), `h.ndjson: row 2: ${message}`);
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
