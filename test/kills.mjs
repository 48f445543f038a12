/**
 * `npm run test:kills`: does a checkpoint survive SIGKILL? A training run writes a checkpoint after every step. It is killed
 * at a random moment, the file is checked, and the run is resumed, until it ends. Then the next run starts.
 *
 * After every kill the file must be whole and not older than before; once written, it must exist. Every line must be one of
 * the uninterrupted run. The weights at the end must be those of the uninterrupted run, bit for bit.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const main = path.join(project, 'dist/src/cli/main.js');
const { loadCheckpoint } = await import(path.join(project, 'dist/src/training/checkpoint-files.js'));
const { Random } = await import(path.join(project, 'dist/src/rng.js'));

/**
 * Kills runs `kills` times. `args` are a whole training run's, without files. Throws an Error at the first fault. Returns
 * how many runs ended, and how many kills left a half-written file beside the checkpoint.
 */
export async function killRuns({ kills, seed, args, report = () => {} }) {
  const directory = mkdtempSync(path.join(tmpdir(), 'longhand-kills-'));
  const file = path.join(directory, 'run.safetensors');
  const random = new Random(seed);
  const whole = await run([...args, '--checkpoint', file]);
  if (whole.code !== 0) throw new Error(`the run itself fails: ${whole.stderr}`);
  const expected = { lines: whole.stdout.split('\n'), bytes: readFileSync(file) };
  const found = { kills: 0, finished: 0, halfWritten: 0 };
  try {
    for (let number = 0; found.kills < kills; number++) {
      removeAll(file);
      await killUntilDone(file, number);
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
      const after = found.kills < kills ? random.uniform(0.05, 1.2) * whole.ms : Infinity;
      const result = await run(
        resume ? [...resume, ...settingsNotSaved(args)] : [...args, ...everyStep(target)],
        after,
      );
      checkLines(result.stdout);
      if (result.code === 0) break;
      if (result.signal !== 'SIGKILL') throw new Error(`run ${number} ended by itself: ${result.stderr}`);
      found.kills++;
      if (existsSync(`${target}.new`)) found.halfWritten++;
      if (existsSync(target)) {
        const { step } = loadCheckpoint(target).training;
        if (step < reached) throw new Error(`step ${step} after ${reached}`);
        reached = step;
      } else if (reached >= 0) throw new Error('the checkpoint is gone');
      report(`kill ${found.kills}: run ${number}, step ${reached}`);
    }
    if (!readFileSync(target).equals(expected.bytes)) throw new Error(`run ${number} ends with other weights`);
  }

  /** The last line may be cut. */
  function checkLines(stdout) {
    for (const line of stdout.split('\n').slice(0, -1)) {
      if (!expected.lines.includes(line)) throw new Error(`a line that the uninterrupted run does not have: ${line}`);
    }
  }
}

const everyStep = (file) => ['--checkpoint', file, '--checkpoint-every', '1'];
/** The options that a checkpoint does not hold. */
const settingsNotSaved = (args) =>
  args.filter((arg, n) => /^--(data|threads)$/.test(arg) || /^--(data|threads)$/.test(args[n - 1]));

function removeAll(file) {
  for (const ending of ['', '.new', '.old', '.previous']) rmSync(file + ending, { force: true });
}

function run(args, killAfter = Infinity) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
    const timer = killAfter === Infinity ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('error', reject).on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ms: performance.now() - startedAt, ...output });
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
