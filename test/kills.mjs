/**
 * `npm run test:kills`: does a checkpoint survive SIGKILL? A training run writes a checkpoint after every step. It is killed
 * at a random moment, the file is checked, and the run is resumed, until it ends. Then the next run starts. The moments are
 * counted in changes of the checkpoint's folder, so they are within the run on a computer of any speed.
 *
 * After every kill the file must be whole and not older than before; once written, it must exist. Every line must be one of
 * the uninterrupted run. The weights at the end must be those of the uninterrupted run, bit for bit. What the killed runs
 * left beside their files must be gone.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const main = path.join(project, 'dist/cli/main.js');
const { loadCheckpoint } = await import(path.join(project, 'dist/src/training/checkpoint-files.js'));
const { Random } = await import(path.join(project, 'dist/src/core/rng.js'));

/** The least number of runs that end. */
const FINISHED = 2;
/** A computer on which more runs than this for each kill end before their kill is not one to test on. */
const MOST_RUNS = 20;
/**
 * Kills runs `kills` times, until at least two runs have ended. `args` are a whole training run's, without files. Throws an
 * Error at the first fault. Returns how many runs ended, and how many kills left a half-written file beside the checkpoint.
 */
export async function killRuns({ kills, seed, args, report = () => {} }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'longhand-kills-'));
  const file = path.join(directory, 'run.safetensors');
  const random = new Random(seed);
  const whole = await run([...args, ...everyStep(file)], { directory, changes: Infinity });
  if (whole.code !== 0) throw new Error(`the run itself fails: ${whole.stderr}`);
  const expected = { lines: whole.stdout.split('\n'), bytes: readFileSync(file) };
  const steps = stepsIn(file);
  const changesOfStep = whole.changes / steps;
  const found = { kills: 0, finished: 0, halfWritten: 0 };
  try {
    while (found.kills < kills || found.finished < FINISHED) {
      if (found.finished > MOST_RUNS * kills) throw new Error(`${found.finished} runs ended, ${found.kills} kills`);
      for (const name of readdirSync(directory)) rmSync(path.join(directory, name));
      await killUntilDone(file, found.finished);
      found.finished++;
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return found;

  async function killUntilDone(target, number) {
    let reached = -1;
    for (;;) {
      const resume = existsSync(target) ? ['train', '--resume', target, '--checkpoint-every', '1'] : undefined;
      const changes = changesOfStep * (1.2 * (steps - Math.max(reached, 0)) + 6); // some moments are after its end
      const result = await run(
        resume ? [...resume, ...settingsNotSaved(args)] : [...args, ...everyStep(target)],
        found.kills < kills ? { directory, changes: random.below(Math.ceil(changes)) } : undefined,
      );
      checkLines(result.stdout);
      if (result.code === 0) break;
      if (result.signal !== 'SIGKILL') throw new Error(`run ${number} ended by itself: ${result.stderr}`);
      found.kills++;
      if (readdirSync(directory).some((name) => name.endsWith('.new'))) found.halfWritten++;
      if (existsSync(target)) {
        const step = stepsIn(target);
        if (step < reached) throw new Error(`step ${step} after ${reached}`);
        reached = step;
      } else if (reached >= 0) throw new Error('the checkpoint is gone');
      report(`kill ${found.kills}: run ${number}, step ${reached}`);
    }
    if (!readFileSync(target).equals(expected.bytes)) throw new Error(`run ${number} ends with other weights`);
    const left = readdirSync(directory).filter((name) => /\.(new|old|lock)$/.test(name));
    if (left.length > 0) throw new Error(`run ${number} leaves ${left.join(', ')}`);
  }

  /** The last line may be cut. */
  function checkLines(stdout) {
    for (const line of stdout.split('\n').slice(0, -1)) {
      if (!expected.lines.includes(line)) throw new Error(`a line that the uninterrupted run does not have: ${line}`);
    }
  }
}

/** Steps that the run of a checkpoint has made. */
const stepsIn = (file) => loadCheckpoint(file).training.step;

const everyStep = (file) => ['--checkpoint', file, '--checkpoint-every', '1'];
/** The options that a checkpoint does not hold. */
const settingsNotSaved = (args) =>
  args.filter((arg, n) => /^--(data|threads)$/.test(arg) || /^--(data|threads)$/.test(args[n - 1]));

/** With `kill` the process is killed after that many changes of the folder, or at its first message if that is 0. */
function run(args, kill) {
  return new Promise((resolve, reject) => {
    let changes = 0;
    const watcher = kill && watch(kill.directory, () => ++changes === kill.changes && child.kill('SIGKILL'));
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => {
      if (kill?.changes === 0) child.kill('SIGKILL');
      output.stderr += text;
    });
    child.on('error', reject).on('close', (code, signal) => {
      watcher?.close();
      resolve({ code, signal, changes, ...output });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
  });
  const args = ['train', '--hidden', '16', '--training-iters', '4000', '--threads', '1'];
  const report = (text) => process.stderr.isTTY && process.stderr.write(`\r${text}\u001b[K`);
  const found = await killRuns({ kills: Number(values.kills), seed: Number(values.seed), args, report });
  console.log(
    `\r${found.kills} kills, ${found.finished} runs finished, ${found.halfWritten} files half written: ` +
      'no checkpoint lost or damaged, every line and every final weight as in an uninterrupted run',
  );
}
