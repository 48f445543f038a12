/** `longhand train` with checkpoints, histories and validation: writing, resuming, files that cannot be written, contradictory flags. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { History, readHistory } from '../../src/cli/history.js';
import { previousOf } from '../../src/files/disk-replace.js';
import { loadCheckpoint, saveCheckpoint } from '../../src/training/checkpoint-files.js';
import { inShell, linesOf, MAIN, runProcess } from '../helpers/longhand-process.js';
import { failed, longhand, misused, refused, start, words } from '../helpers/longhand.js';
import { mnistFiles } from '../helpers/small-data.js';
import { DATA, endless, FROM, RUN, SMALL } from '../helpers/small-runs.js';
import { directoryOf, inNewFolder } from '../helpers/temporary-directories.js';

/** The checkpoint of a run. */
async function checkpointOf(...flags: readonly string[]): Promise<string> {
  const file = inNewFolder();
  expect((await longhand([...RUN, '--checkpoint', file, ...flags])).code).toBe(0);
  return file;
}

describe('--checkpoint', () => {
  test('writes the run every `--checkpoint-every` steps and at its end, and keeps the previous checkpoint', async () => {
    const file = await checkpointOf('--checkpoint-every', '10');
    expect(loadCheckpoint(file).training?.step).toBe(31);
    expect(loadCheckpoint(previousOf(file)).training?.step).toBe(30);
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['run.safetensors', 'run.safetensors.previous']);
  });
});

describe('--resume', () => {
  test('makes a run longer, not shorter', async () => {
    const file = await checkpointOf();
    const before = readFileSync(file);
    expect(await misused([...FROM, '--resume', file, '--training-iters', '300'])).toBe(
      'error: the new length is 18 steps, but the run is at step 31: choose a greater length\n',
    );
    expect(readFileSync(file)).toEqual(before);
  });

  test('uses the options of the file; only the length and the display step may change', async () => {
    const file = await checkpointOf('--seed', '5', '--clip-norm', '0.5');
    const longer = await longhand([...FROM, '--resume', file, '--training-iters', '900', '--display-step', '5']);
    expect(longer.code).toBe(0);
    expect(longer.stderr).toContain('56 steps; seed 5; from step 31');
    expect(longer.stdout.match(/^Iter \d+/gm)).toEqual([560, 640, 720, 800, 880].map((iter) => `Iter ${iter}`));
    expect(await misused([...FROM, '--resume', file, '--learning-rate', '0.1'])).toBe(
      'error: --learning-rate cannot be changed with --resume: the checkpoint sets it\n',
    );
  });

  test('reports that it continues on another backend', async () => {
    const file = await checkpointOf();
    const { stderr } = await longhand([...FROM, '--resume', file, '--backend', 'reference']);
    expect(stderr).toMatch(/\nthe run has used wasm: .*: the last digits may differ\n/);
  });

  test.each([
    ['a missing file', () => inNewFolder(), 'no such file'],
    ['a folder', () => path.dirname(inNewFolder()), 'not a file'],
    ['a file of another format', () => path.join(DATA, 't10k-labels-idx1-ubyte'), 'not safetensors'],
    ['a device that never ends', () => '/dev/zero', 'not a file'],
  ])('of %s is refused in one line', async (_, file, message) => {
    expect(await refused([...FROM, '--resume', file()])).toContain(message);
  });

  test('of a damaged file names the previous checkpoint', async () => {
    const file = await checkpointOf('--checkpoint-every', '10');
    truncateSync(file, 1000);
    expect(await refused([...FROM, '--resume', file])).toMatch(
      /: cut off: .*; the previous checkpoint is .*run\.safetensors\.previous\n$/,
    );
    expect((await longhand([...FROM, '--resume', previousOf(file), '--checkpoint', file])).code).toBe(0);
  });

  test('writes to another file with --checkpoint, even if no step remains', async () => {
    const [from, to] = [await checkpointOf('--checkpoint-every', '31'), inNewFolder()];
    const more = ['--checkpoint-every', '31', '--threads', '1'];
    const { code } = await longhand([...FROM, '--resume', from, '--checkpoint', to, ...more]);
    expect(code).toBe(0);
    expect(readFileSync(to)).toEqual(readFileSync(from));
  });

  test('with other data is refused', async () => {
    const file = await checkpointOf();
    expect(await failed(words`train --data ${directoryOf(mnistFiles(5601, 200))} --resume ${file}`)).toMatch(
      /longhand: resume: the run began with 600 examples, these are 601 different ones: .*\n$/,
    );
  });
});

describe('a file that cannot be written', () => {
  test('ends the run with one line, and leaves the old checkpoint unchanged', async () => {
    const file = await checkpointOf();
    const before = readFileSync(file);
    // a limit of 8 blocks of 512 bytes for every file that the process writes acts as a disk that becomes full
    const script = `trap '' XFSZ; ulimit -f 8; exec "$@"`;
    const { code, stderr } = await inShell('bash', script, [...RUN, '--checkpoint', file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nlonghand: .*run\.safetensors: cannot be written; the old file is unchanged \(.*\)\n$/);
    expect(readFileSync(file)).toEqual(before);
    expect(readdirSync(path.dirname(file))).toEqual(['run.safetensors']);
  });

  test.each([
    ['a missing folder', () => path.join(inNewFolder('none'), 'run.safetensors'), 'no such directory'],
    ['a read-only file system', () => '/proc/run.safetensors', 'cannot be written'],
  ])('because of %s is reported before the training starts', async (_, file, message) => {
    expect(await refused([...RUN, '--checkpoint', file()])).toContain(message);
  });

  // a separate file system, in a namespace that ends with the shell
  const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  const testOnOwnDisk = canMount ? test : test.skip; // a container may forbid it, CI's too
  if (!canMount) test.skip('missing: the right to mount file systems: run as root', () => undefined);
  const onOwnDisk = (script: string) => {
    const folder = path.dirname(inNewFolder());
    const run = [...RUN, '--checkpoint', path.join(folder, 'run.safetensors')];
    const command = [process.execPath, path.resolve(MAIN), ...run];
    const mounted = `mount -t tmpfs -o size=64k none "$0"; cd "$0"; ${script}`;
    return runProcess('unshare', ['-rm', 'sh', '-c', mounted, folder, ...command]);
  };

  testOnOwnDisk('because the disk fills up leaves the old checkpoint unchanged', async () => {
    const { stdout, stderr } = await onOwnDisk(
      '"$@" > /dev/null && cp run.safetensors kept && cat /dev/zero > filler; "$@" > /dev/null; echo "exit code $?"; cmp kept run.safetensors && ls',
    );
    expect(stderr).toMatch(/longhand: .*run\.safetensors: cannot be written.* \(the disk is full\)\n$/);
    expect(stdout).toBe('exit code 1\nfiller\nkept\nrun.safetensors\n');
  });

  testOnOwnDisk('because the disk has become read-only is reported', async () => {
    const { stdout, stderr } = await onOwnDisk('"$@" > /dev/null; mount -o remount,ro .; "$@"; echo "exit code $?"');
    expect(stderr).toMatch(/longhand: .*run\.safetensors: cannot be written \(the file system is read-only\)\n$/);
    expect(stdout).toBe('exit code 1\n');
  });
});

test.each([
  [['--patience', '2'], '--patience needs --validate-every'],
  [['--best', 'b.safetensors'], '--best needs --validate-every'],
  [['--plot', 'p.svg'], '--plot needs --history'],
  [['--plot', 'p.png', '--history', 'h.csv'], '--plot p.png: must end in .svg'],
  [['--history', 'h.txt'], 'must end in .csv or .ndjson'],
  [['--checkpoint-every', '5'], '--checkpoint-every needs --checkpoint'],
  [['--decay-rate', '0.1'], '--decay-rate needs --schedule step'],
  [['--decay-every', '5'], '--decay-every needs --schedule step'],
  [
    ['--schedule', 'step', '--decay-rate', '1e30', '--decay-every', '1'],
    'decayRate 1e+30: every 1 step (decayEvery) it multiplies the learning rate, which is Infinity at the end of',
  ],
  [['--epochs', '2'], "cannot be used with option '--training-iters"],
])('%p is wrong usage: %s', async (args, message) => {
  expect(await misused([...RUN, ...args])).toContain(message);
  expect(existsSync('b.safetensors')).toBe(false);
});

test('flags that contradict the checkpoint’s validation or schedule are wrong usage', async () => {
  const [plain, cosine] = [await checkpointOf(), await checkpointOf('--schedule', 'cosine')];
  const best = await misused([...FROM, '--resume', plain, '--best', inNewFolder()]);
  expect(best).toBe('error: --best needs a run with --validate-every\n');
  const longer = await misused([...FROM, '--resume', cosine, '--epochs', '9']);
  expect(longer).toContain('a cosine schedule depends on the length of its run');
});

test('a run of no step may have any step schedule', async () => {
  const growing = ['--schedule', 'step', '--decay-rate', '2', '--training-iters', '1'];
  expect((await longhand([...RUN, ...growing])).code).toBe(0);
});

describe('--history and --plot', () => {
  const VALIDATED = [...RUN, '--validate-every', '10', '--display-step', '5'];

  test.each(['csv', 'ndjson'])('every line and validation is in the %s file, despite an interruption', async (form) => {
    const [whole, stopped] = [inNewFolder(`whole.${form}`), inNewFolder(`stopped.${form}`)];
    const { stdout } = await longhand([...VALIDATED, '--history', whole]);
    const rows = linesOf(readFileSync(whole, 'utf8'));
    expect(rows).toHaveLength((form === 'csv' ? 1 : 0) + 6 + 3);
    const printed = linesOf(stdout).filter((line) => /^(Iter|Step)/.test(line));
    expect(printed).toHaveLength(9);

    const checkpoint = inNewFolder();
    await longhand([...VALIDATED, '--training-iters', '300', '--checkpoint', checkpoint, '--history', stopped]);
    // a killed run can leave rows after the checkpoint, and an incomplete last row
    const [last] = rows.slice(-1);
    writeFileSync(stopped, `${readFileSync(stopped, 'utf8')}${last}\n${last.slice(0, 8)}`);
    const rest = ['--training-iters', '500', '--history', stopped, '--threads', '1'];
    await longhand([...FROM, '--resume', checkpoint, ...rest]);
    expect(readFileSync(stopped, 'utf8')).toBe(readFileSync(whole, 'utf8'));
  });

  test.each(['csv', 'ndjson'])('a %s file that is removed or emptied during the run is written again whole', (form) => {
    const file = inNewFolder(`h.${form}`);
    const history = new History(file, 0);
    const rows = [1, 2, 3].map((step) => ({ set: 'train' as const, step, loss: 1, accuracy: 0.5 }));
    history.add(rows[0]);
    rmSync(file);
    history.add(rows[1]);
    expect(readHistory(file)).toEqual(rows.slice(0, 2));
    truncateSync(file);
    history.add(rows[2]);
    expect(readHistory(file)).toEqual(rows);
    rmSync(file);
    history.begin(); // at the run's end
    expect(readHistory(file)).toEqual(rows);
    new History(file, 2).begin(); // resumes from step 2
    expect(readHistory(file)).toEqual(rows.slice(0, 2));
  });

  test('the plot is an SVG with a line for each set', async () => {
    const [history, plot] = [inNewFolder('h.csv'), inNewFolder('h.svg')];
    expect((await longhand([...VALIDATED, '--history', history, '--plot', plot])).code).toBe(0);
    const svg = readFileSync(plot, 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg.match(/<path /g)!.length).toBeGreaterThanOrEqual(4);
    for (const word of ['train', 'validation', 'loss', 'accuracy', 'step']) expect(svg).toContain(word);
  });

  test('the plot of one row of each set needs no warning', async () => {
    const { warn } = console;
    const warned: unknown[] = [];
    console.warn = (...words) => warned.push(words);
    const files = ['--history', inNewFolder('h.csv'), '--plot', inNewFolder('h.svg')];
    const once = ['--display-step', '20', '--validate-every', '20']; // of 31 steps
    try {
      expect((await longhand([...RUN, ...once, ...files])).code).toBe(0);
    } finally {
      console.warn = warn;
    }
    expect(warned).toEqual([]);
  });

  test('a history that cannot be written ends the run with one line', async () => {
    const full = inNewFolder('full.csv');
    symlinkSync('/dev/full', full);
    expect(await refused([...RUN, '--history', full])).toBe(`longhand: ${full}: not a file\n`);
  });

  test('a run that fails at once leaves an older history unchanged', async () => {
    const history = inNewFolder('h.csv');
    await longhand([...VALIDATED, '--history', history]);
    const before = readFileSync(history, 'utf8');
    const stderr = await failed([...RUN, '--batch-size', '5000', '--history', history]);
    expect(linesOf(stderr).at(-1)).toBe('longhand: batch size 5000 is larger than the set of 600 examples');
    expect(readFileSync(history, 'utf8')).toBe(before);
  });

  test('a run that is interrupted before its first line leaves no row of an older run', async () => {
    const [history, checkpoint] = [inNewFolder('h.csv'), inNewFolder()];
    await longhand([...VALIDATED, '--history', history]);
    const silent = [...endless(RUN), '--display-step', '4000000', '--checkpoint-every', '5'];
    const run = start([...silent, '--history', history, '--checkpoint', checkpoint]);
    while (!existsSync(checkpoint)) await setTimeout(5);
    run.interrupt('SIGINT');
    expect(await run.code).toBe(130);
    expect(readFileSync(history, 'utf8')).toBe('set,step,loss,accuracy\n');
  });

  test('a run without lines leaves a history without rows', async () => {
    const history = inNewFolder('h.csv');
    expect((await longhand([...RUN, '--display-step', '1000', '--history', history])).code).toBe(0);
    expect(readFileSync(history, 'utf8')).toBe('set,step,loss,accuracy\n');
  });

  test('a file that is not a history is not overwritten with --resume', async () => {
    const [file, history] = [await checkpointOf(), inNewFolder('notes.csv')];
    writeFileSync(history, 'my notes\nof years\n');
    const stderr = await failed([...FROM, '--resume', file, '--history', history]);
    expect(stderr).toContain('does not begin with set,step,loss,accuracy');
    expect(readFileSync(history, 'utf8')).toBe('my notes\nof years\n');
  });
});

describe('--validate-every, --patience, --best', () => {
  test('a best state that is not written is reported, in a run without a validation and in one without a better one', async () => {
    const [best, checkpoint] = [inNewFolder('best'), inNewFolder()];
    const early = await longhand([...RUN, '--validate-every', '1000', '--best', best]);
    expect(early.code).toBe(0);
    expect(linesOf(early.stderr)).toContain(`--best ${best} is not written: no validation was made`);

    const validated = '--validate-every 5 --learning-rate 0.5 --training-iters 96'.split(' '); // 5 steps
    await longhand([...SMALL, ...validated, '--checkpoint', checkpoint]);
    const state = loadCheckpoint(checkpoint);
    const won = { ...state, training: { ...state.training!, best: { step: 5, loss: 0 } } }; // no loss is smaller
    saveCheckpoint(checkpoint, won);
    const resume = [...FROM, '--resume', checkpoint, '--training-iters', '200', '--best', best];
    expect(linesOf((await longhand(resume)).stderr)).toContain(
      `--best ${best} is not written: no validation had a smaller loss than that of step 5`,
    );
    const late = ['--validate-every', '4000000', '--best', best];
    const run = start([...endless(RUN), ...late], { signal: 'SIGINT' }); // after its first line
    expect(await run.code).toBe(130);
    expect(run.stderr.text).toContain(`\n--best ${best} is not written: no validation was made\n`);
    expect(existsSync(best)).toBe(false);
  });

  test('stop early, report it, and keep the best state', async () => {
    const best = inNewFolder('best.safetensors');
    const args = '--threads 1 --learning-rate 0.5 --validate-every 1 --patience 2 --epochs 9'.split(' ');
    const { code, stdout, stderr } = await longhand([...SMALL, ...args, '--best', best]);
    expect(code).toBe(0);
    const losses = [...stdout.matchAll(/^Step (\d+), Validation Loss= ([\d.]+), Validation Accuracy= [\d.]+$/gm)].map(
      ([, step, loss]) => [Number(step), Number(loss)],
    );
    const [bestStep] = losses.reduce((one, other) => (other[1] < one[1] ? other : one));
    expect(losses).toHaveLength(bestStep + 2);
    expect(stderr).toContain(`\nstopped early, after step ${bestStep + 2}\n`);
    expect(loadCheckpoint(best).training?.step).toBe(bestStep);
  });
});
