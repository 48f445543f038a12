/** `longhand train` with --history and --plot, and with validation and early stopping. */
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { loadCheckpoint } from '../../src/training/checkpoint-files.js';
import { longhand, start } from '../helpers/longhand.js';
import { linesOf } from '../helpers/longhand-process.js';
import { endless, FROM, RUN, SMALL } from '../helpers/small-runs.js';
import { inNewFolder } from '../helpers/temporary-directories.js';

describe('--history and --plot', () => {
  const VALIDATED = [...RUN, '--validate-every', '10', '--display-step', '5'];

  test.each(['csv', 'ndjson'])(
    'every line and validation is in the %s file, even after an interruption',
    async (form) => {
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
    },
  );

  test('the plot is an SVG with a line for each set', async () => {
    const [history, plot] = [inNewFolder('h.csv'), inNewFolder('h.svg')];
    expect((await longhand([...VALIDATED, '--history', history, '--plot', plot])).code).toBe(0);
    const svg = readFileSync(plot, 'utf8');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg.match(/<path /g)!.length).toBeGreaterThanOrEqual(4);
    for (const word of ['train', 'validation', 'loss', 'accuracy', 'step']) expect(svg).toContain(word);
  });

  test('a history that cannot be written ends the run with one line', async () => {
    const full = inNewFolder('full.csv');
    symlinkSync('/dev/full', full);
    const { code, stderr } = await longhand([...RUN, '--history', full]);
    expect([code, linesOf(stderr)]).toEqual([1, [`longhand: ${full}: not a file`]]);
  });

  test('a run that fails at once leaves an older history unchanged', async () => {
    const history = inNewFolder('h.csv');
    await longhand([...VALIDATED, '--history', history]);
    const before = readFileSync(history, 'utf8');
    const { code, stderr } = await longhand([...RUN, '--batch-size', '5000', '--history', history]);
    expect([code, linesOf(stderr).at(-1)]).toEqual([1, expect.stringContaining('batch size 5000 is larger')]);
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
    const [file, history] = [inNewFolder(), inNewFolder('notes.csv')];
    await longhand([...RUN, '--checkpoint', file]);
    writeFileSync(history, 'my notes\nof years\n');
    const { code, stderr } = await longhand([...FROM, '--resume', file, '--history', history]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('does not begin with set,step,loss,accuracy')]);
    expect(readFileSync(history, 'utf8')).toBe('my notes\nof years\n');
  });
});

describe('--validate-every, --patience, --best', () => {
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
