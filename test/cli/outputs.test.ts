/** The output files of `longhand train`: each must be a file of its own, not an input, and writable. */
import { linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { meetingOf } from '../../src/cli/outputs.js';
import { asOnlyRun } from '../../src/files/disk-writers.js';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { longhand as longhandProcess } from '../helpers/longhand-process.js';
import { longhand, misused, refused } from '../helpers/longhand.js';
import { mnistFiles } from '../helpers/small-data.js';
import { FROM, RUN as SMALL_RUN } from '../helpers/small-runs.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const RUN = [...SMALL_RUN, '--validate-every', '10'];

/** What is in a folder: names, contents, targets of links. */
function contentsOf(folder: string): unknown {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const content = entry.isFile() ? readFileSync(file, 'base64') : entry.isSymbolicLink() ? readlinkSync(file) : '';
      return [file, content];
    })
    .sort();
}

/** The path of a name in the folder that a test prepares. */
type At = (name: string) => string;
type Prepare = (at: At) => void;

const folderWith = (prepare: Prepare): string => {
  const folder = directoryOf();
  prepare((name) => path.join(folder, name));
  return folder;
};

const NOTHING: Prepare = () => {};
const all =
  (...steps: readonly Prepare[]): Prepare =>
  (at) =>
    steps.forEach((step) => step(at));
const folders = (...names: readonly string[]) => all(...names.map((name) => (at: At) => mkdirSync(at(name))));
const linkTo =
  (target: string, name: string): Prepare =>
  (at) =>
    symlinkSync(target, at(name));

/** Replaces each % in `args` by the path of the new folder, and keeps the spelling of the rest. */
function placed(args: string, folder: string): string[] {
  return args.split(' ').map((arg) => arg.replace('%', `${folder}/`));
}

async function expectUsageError(run: readonly string[], args: string, folder: string, message: string): Promise<void> {
  const before = contentsOf(folder);
  const stderr = await misused([...run, ...placed(args, folder)]);
  expect(stderr.replaceAll(`${folder}/`, '%')).toContain(message);
  expect(contentsOf(folder)).toEqual(before);
}

describe('two outputs on one file are wrong usage, before anything is written', () => {
  const SAME = 'are the same file';
  const RESERVED = 'whose old contents are kept there';

  test.each<[string, string, string]>([
    ['another spelling', '--checkpoint %b1 --best %./b1', `--checkpoint %b1 and --best %./b1 ${SAME}`],
    ['plot and checkpoint', '--checkpoint %b1 --history %h.csv --plot %b1', SAME],
    ['history and plot', '--history %u.csv --plot %u.csv', SAME],
    ['checkpoint and history', '--checkpoint %v.csv --history %v.csv', SAME],
    ['best and history', '--best %v.ndjson --history %v.ndjson', SAME],
    [
      'the old contents that are kept',
      '--checkpoint %b1 --best %b1.previous',
      `--best %b1.previous has a name that is reserved for --checkpoint %b1, ${RESERVED}`,
    ],
    ['the old contents that are kept, named first', '--checkpoint %b1.previous --best %b1', RESERVED],
  ])('%s: %s', (_, args, message) => expectUsageError(RUN, args, directoryOf(), message));

  test('but .previous of a history and of a plot, which keep no old contents, is allowed', async () => {
    const folder = directoryOf();
    const args = placed(
      '--history %u.csv --plot %p.svg --checkpoint %u.csv.previous --best %p.svg.previous --validate-every 20',
      folder,
    );
    expect(await longhand([...RUN, ...args])).toMatchObject({ code: 0 });
    expect(readdirSync(folder).sort()).toEqual(['p.svg', 'p.svg.previous', 'u.csv', 'u.csv.previous']);
    expect(readFileSync(path.join(folder, 'p.svg'), 'utf8')).toMatch(/^<svg /);
  });

  test('but names that only look alike, and hard links, are different files and allowed', async () => {
    const folder = directoryOf({ 'h.csv': Buffer.from('old') });
    linkSync(path.join(folder, 'h.csv'), path.join(folder, 'b1'));
    linkSync(path.join(folder, 'h.csv'), path.join(folder, 'p.svg'));
    const args = '--checkpoint %b --best %b1 --history %h.csv --plot %p.svg';
    expect((await longhand([...RUN, ...placed(args, folder)])).code).toBe(0);
    const [b, b1, history, plot] = ['b', 'b1', 'h.csv', 'p.svg'].map((name) => path.join(folder, name));
    expect(loadCheckpoint(b).training?.step).toBe(31);
    expect(loadCheckpoint(b1).training?.step).toBe(30);
    expect(readFileSync(history, 'utf8').split('\n')).toHaveLength(1 + 3 + 3 + 1);
    expect(readFileSync(plot, 'utf8')).toMatch(/^<svg /);
  });
});

const B: Prepare = (at) => writeFileSync(at('b'), '');
/** one/two, and a link to it. */
const TWO = all(folders('one', 'one/two'), linkTo('one/two', 'linked'));

test.each<[string, string, string, Prepare, ReturnType<typeof meetingOf>]>([
  ['the same name', 'b', 'b', NOTHING, ''],
  ['other names', 'b', 'b1', NOTHING, undefined],
  ['the same name elsewhere', 'b', 'sub/b', folders('sub'), undefined],
  ['through a folder below', 'b', 'sub/../b', folders('sub'), ''],
  ['two slashes', 'b', '/b', NOTHING, ''],
  ['a folder that does not exist', 'none/b', 'none/./b', NOTHING, ''],
  ['two links to one file', 'l1', 'l2', all(linkTo('b', 'l1'), linkTo('b', 'l2')), ''],
  ['a link through another link', 'b', 'l1', all(linkTo('l2', 'l1'), (at) => linkTo(at('b'), 'l2')(at)), ''],
  ['two links to two files', 'l1', 'l2', all(linkTo('to-l1', 'l1'), linkTo('to-l2', 'l2')), undefined],
  ['a linked folder', 'real/b', 'linked/b', all(folders('real'), linkTo('real', 'linked')), ''],
  // the second link is relative to the real folder, not to the first link
  ['a link out of a linked folder to beside it', 'one/b', 'linked/l', all(TWO, linkTo('../b', 'linked/l')), ''],
  ['hard links', 'b', 'h', all(B, (at) => linkSync(at('b'), at('h'))), undefined],
  ['.new', 'b', 'b.new', NOTHING, undefined],
  ['.previous', 'b', 'b.previous', NOTHING, '.previous'],
  ['in reverse', 'b.previous', 'b', NOTHING, undefined],
  ['.previous of what a link leads to', 'l', 'b.previous', linkTo('b', 'l'), '.previous'],
  ['.previous of a link', 'l', 'l.previous', linkTo('b', 'l'), undefined],
  ['a link that would be replaced', 'b', 'b.previous', linkTo('elsewhere', 'b.previous'), '.previous'],
])(
  'meetingOf reports whether two outputs need the same file (%s): %s and %s',
  (_, written, other, prepare, meeting) => {
    const folder = folderWith(prepare);
    const meet = (keepOld: boolean) => meetingOf({ file: `${folder}/${written}`, keepOld }, `${folder}/${other}`);
    expect(meet(true)).toBe(meeting);
    expect(meet(false)).toBe(meeting === '.previous' ? undefined : meeting);
  },
);

describe('an output on a file that the run reads is wrong usage', () => {
  test.each<[string, string, string]>([
    [
      'the history',
      '--resume %r.csv --checkpoint %c --history %r.csv',
      '--history %r.csv and --resume %r.csv are the same',
    ],
    ['the best', '--resume %r.csv --checkpoint %c --best %./r.csv', '--best %./r.csv and --resume %r.csv are the same'],
    ['the best of a run that continues its checkpoint', '--resume %r.csv --best %r.csv', 'are the same file'],
    ['the plot, through a link', '--resume %r.csv --checkpoint %c --history %h.csv --plot %link', 'are the same file'],
    [
      'the old contents of the best',
      '--resume %b.previous --checkpoint %c --best %b',
      '--resume %b.previous has a name that is',
    ],
  ])('%s', async (_, args, message) => {
    const folder = folderWith((at) => {
      writeFileSync(at('r.csv'), 'a checkpoint');
      symlinkSync(at('r.csv'), at('link'));
    });
    await expectUsageError(FROM, args, folder, message);
  });

  test('images and labels, plain or as .gz, or through a link', async () => {
    const data = directoryOf(mnistFiles(5600, 200));
    symlinkSync(data, path.join(data, 'linked'));
    const run = ['train', '--data', data, '--training-iters', '500'];
    for (const name of ['train-images-idx3-ubyte', 'linked/t10k-labels-idx1-ubyte', 'train-labels-idx1-ubyte.gz'])
      await expectUsageError(run, `--checkpoint %${name}`, data, `--checkpoint %${name} and --data %`);
  });

  describe('the text of a resumed run', () => {
    const folder = directoryOf({ 'book.txt': Buffer.from('a whale, a ship. '.repeat(20)) });
    const at = (name: string) => path.join(folder, name);
    const TEXT_RUN = ['train', '--task', 'text', '--hidden', '2', '--batch-size', '2', '--steps', '5', '--epochs', '1'];

    beforeAll(async () => {
      const args = placed('--text %book.txt --checkpoint %z.st', folder);
      expect((await longhand([...TEXT_RUN, ...args])).code).toBe(0);
      symlinkSync('z.st', at('link'));
      for (const name of ['z.st.previous', 'b.previous']) writeFileSync(at(name), readFileSync(at('book.txt')));
    });

    test.each<[string, string]>([
      ['beside the implied checkpoint, .previous', '--resume %z.st --text %z.st.previous'],
      ['beside the target of a link', '--resume %link --text %z.st.previous'],
      ['beside a checkpoint of its own', '--resume %z.st --checkpoint %z.st --text %./z.st.previous'],
      ['beside the best', '--resume %z.st --checkpoint %c --best %b --text %b.previous'],
    ])('%s', async (_, args) => {
      const [, text] = placed(args, folder).slice(-2);
      await expectUsageError(['train'], args, folder, `--text ${text.replace(`${folder}/`, '%')} has a name`);
    });

    test('is kept under its own name if a hard link to it is replaced', async () => {
      linkSync(at('book.txt'), at('hard.previous'));
      const args = placed('--resume %z.st --checkpoint %hard --text %book.txt --epochs 2', folder);
      writeFileSync(at('hard'), 'old');
      const book = readFileSync(at('book.txt'));
      expect((await longhand(['train', ...args])).code).toBe(0);
      expect(readFileSync(at('book.txt'))).toEqual(book);
      expect(readFileSync(at('hard.previous'), 'utf8')).not.toBe(book.toString());
    });
  });

  test('but a run may continue its own checkpoint under another spelling of its path', async () => {
    const folder = directoryOf();
    expect((await longhand([...RUN, ...placed('--checkpoint %c --checkpoint-every 20', folder)])).code).toBe(0);
    const args = placed('--resume %c --checkpoint %./c --training-iters 900', folder);
    expect((await longhand([...FROM, ...args])).code).toBe(0);
    expect(loadCheckpoint(path.join(folder, 'c')).training?.step).toBe(56);
  });
});

describe('an empty path is wrong usage', () => {
  test.each(['checkpoint', 'best', 'history', 'plot', 'resume', 'data'])('train --%s', async (flag) => {
    expect(await misused([...RUN, '--history', '/nowhere/h.csv', `--${flag}=`])).toMatch(
      new RegExp(`^error: option '--${flag} <\\w+>' argument '' is invalid. It must not be empty.\n$`),
    );
  });

  test.each([
    [['eval', 'c', '--data', '']],
    [['export', 'c', '--to', 'onnx', '--output', '']],
    [['import', 'c', '--from', 'safetensors-tf1', '--output', '']],
  ])('%j', async (args) => expect(await misused(args)).toContain("argument '' is invalid"));

  test('but in place of a file to read it is an error with exit code 1', async () => {
    expect(await refused(['inspect', ''])).toBe("longhand: '': a file name must not be empty\n");
  });
});

test('an output of a running training is refused to other commands, whatever link leads to it, before they write anything', async () => {
  const folder = folderWith(all((at) => writeFileSync(at('b'), 'old'), linkTo('b', 'link')));
  await asOnlyRun([path.join(folder, 'b')], async () => {
    for (const args of ['--checkpoint %b', '--checkpoint %c --best %link']) {
      expect(await refused([...RUN, ...placed(args, folder)])).toMatch(
        /^longhand: \S+\/(b|link): cannot be written \(another run of this process is writing it: \S+\/b\.\S+\.lock\)\n$/,
      );
    }
    expect(readFileSync(path.join(folder, 'b'), 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => !name.endsWith('.lock'))).toEqual(['b', 'link']);
  });
  const { code } = await longhand([...RUN, ...placed('--checkpoint %b', folder)]);
  expect([code, readdirSync(folder).sort()]).toEqual([0, ['b', 'b.previous', 'link']]);
});

test.each([
  ['--checkpoint', '.previous'],
  ['--history', ''],
])('a folder with a name that %s needs, at "%s", is refused before the training starts', async (flag, suffix) => {
  const folder = folderWith((at) => mkdirSync(at(`f.csv${suffix}`)));
  const file = path.join(folder, 'f.csv');
  const reason = suffix === '' ? 'not a file' : `cannot be written (${file}${suffix} is a directory)`;
  expect(await refused([...RUN, flag, file])).toBe(`longhand: ${file}: ${reason}\n`);
  expect(readdirSync(folder)).toEqual([`f.csv${suffix}`]);
});

describe('a run that continues the previous checkpoint of a damaged one', () => {
  /** Kills the process after its n-th renaming. */
  const killedAfter = (n: number) =>
    `data:text/javascript,${encodeURIComponent(`
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const rename = fs.renameSync;
    let renamed = 0;
    fs.renameSync = (from, to) => {
      rename(from, to);
      if (++renamed === ${n}) process.kill(process.pid, 'SIGKILL');
    };
    syncBuiltinESMExports();`)}`;

  test.each<[number, unknown[]]>([
    [1, [32, 31]],
    [2, [32, 'damaged']],
    [3, [33, 'damaged']],
    [4, [33, 32]],
  ])('and is killed after %d renamings leaves a complete checkpoint', async (n, expected) => {
    const folder = directoryOf();
    const [file, previous] = ['c', 'c.previous'].map((name) => path.join(folder, name));
    expect((await longhand([...RUN, '--checkpoint', previous])).code).toBe(0);
    writeFileSync(file, 'damaged');
    const args = ['--resume', previous, '--checkpoint', file, '--checkpoint-every', '1', '--training-iters', '900'];
    const { code } = await longhandProcess([...FROM, ...args], { node: ['--import', killedAfter(n)] });
    expect(code).toBeNull();
    const steps = [file, previous].map((one) => {
      try {
        return loadCheckpoint(one).training?.step;
      } catch {
        return 'damaged';
      }
    });
    expect(steps).toEqual(expected);
  });
});

test('a checkpoint that is a symbolic link stays one: its target is replaced, and the old contents are kept beside the target', async () => {
  const folder = folderWith(all(folders('there'), linkTo('there/run', 'link')));
  const [link, there] = ['link', 'there'].map((name) => path.join(folder, name));
  expect((await longhand([...RUN, '--checkpoint', link, '--checkpoint-every', '20'])).code).toBe(0);
  expect(readlinkSync(link)).toBe('there/run');
  expect(readdirSync(folder).sort()).toEqual(['link', 'there']);
  expect(readdirSync(there).sort()).toEqual(['run', 'run.previous']);
  expect(loadCheckpoint(link).training?.step).toBe(31);
  expect(loadCheckpoint(path.join(there, 'run.previous')).training?.step).toBe(20);
  const resumed = await longhand([...FROM, '--resume', link, '--training-iters', '900']);
  expect([resumed.code, readlinkSync(link)]).toEqual([0, 'there/run']);
  expect(loadCheckpoint(path.join(there, 'run')).training?.step).toBe(56);
  writeFileSync(path.join(there, 'run'), 'damaged');
  const damaged = await refused([...FROM, '--resume', link]);
  expect(damaged).toMatch(/; the previous checkpoint is .*there\/run\.previous\n$/);
});
