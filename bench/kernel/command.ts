/** `npm run bench -- kernel FILE`: checks a kernel of the reader's own, and times it beside Longhand's product. */
import { watch } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { candidatesFor } from '../candidates.js';
import { sizeIn } from '../command.js';
import { nodeEngine } from '../measure/engine.js';
import { timesWarning } from '../measure/rows.js';
import { messageOf } from '../program.js';
import { installRivals, usesRival } from '../programs/rivals.js';
import { type Size, productOf, row } from '../steps/product-steps.js';
import { UsageError } from '../suites.js';
import { KernelProcess } from './child-process.js';
import { type News, type Row, figuresFor, runKernel, RunError, verdictOf } from './drive.js';
import { LANGUAGES, languageOf } from './languages.js';
import { Rival } from './rival.js';
import { type Start, startsIn } from './starts.js';

interface Options {
  readonly shape: Size;
  readonly backends: readonly string[];
  readonly watch?: boolean;
  readonly start?: number;
  readonly quick?: boolean;
}

async function command(file: string, options: Options): Promise<void> {
  if (options.start !== undefined) return writeStart(file, options.start);
  const language = languageOf(file);
  await textOf(file); // a missing file is a mistake of the command, not of the kernel
  const candidates = candidatesFor(options.backends, [1], 'node').filter(({ kinds }) => kinds.includes('matmul'));
  const chosen = options.backends.length === 0 ? [] : candidates;
  if (chosen.some(usesRival)) await installRivals((line) => console.error(line));
  const engine = chosen.length > 0 ? await nodeEngine(process.execPath) : undefined;
  const rivals = engine ? chosen.map((candidate) => new Rival(candidate.name, () => engine.start(candidate))) : [];
  const kernel = new KernelProcess();
  const close = (): void => [kernel, ...rivals].forEach((one) => one.close());
  const stop = (): void => {
    close();
    process.exit(options.watch ? 0 : 130); // in a watch, Ctrl-C is the usual end
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const run = async (source: string): Promise<void> => {
    process.exitCode = 0;
    try {
      const job = { language, source, size: options.shape, rivals, isQuick: options.quick ?? false };
      printRows(options.shape, await runKernel(kernel, job, (news) => print(file, news)));
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      const { line, message } = error;
      console.error(
        line === undefined ? `${file}: ${message}` : `${file}:${line}: ${message}\n  ${source.split('\n')[line - 1]}`,
      );
      process.exitCode = 1;
    }
  };
  try {
    if (options.watch) await runAfterEachChange(file, run);
    else await run(await textOf(file));
  } finally {
    close();
  }
}

/** The last line of a run says what to do next, or what was found. */
function print(file: string, news: News): void {
  if (news.kind === 'executor') console.log(`\n${file} on ${news.executor}`);
  else if (news.kind === 'right')
    console.log(`right at ${news.sizes.map(productOf).join(', ')}; ${LANGUAGES[languageOf(file)].checked}`);
  else if (news.kind === 'absent') console.log(`${news.name} is not compared: ${news.reason}`);
}

function printRows(size: Size, rows: readonly Row[]): void {
  console.log(`\n${productOf(size)}\n${row('', 'ms', 'GFLOPS', 'ratio', 'samples', 'spread')}`);
  for (const [name, ...cells] of figuresFor(size, rows)) console.log(row(name, ...cells));
  for (const { name, times } of rows)
    for (const warning of timesWarning(name, times)) console.log(`  warning: ${warning}`);
  console.log(`\n${verdictOf(rows)}`);
}

/** Ends only with the process. An editor may write into the file or replace it, so its folder is watched. */
async function runAfterEachChange(file: string, run: (source: string) => Promise<void>): Promise<never> {
  let last: string | undefined;
  let next = Promise.resolve();
  const look = (): Promise<void> =>
    (next = next.then(async () => {
      // while the file is being replaced there may be none, and while it is being written it may be empty: another event follows
      const source = await readFile(file, 'utf8').catch(() => '');
      if (source.trim() === '' || source === last) return;
      last = source;
      await run(source);
      console.log(`\nwatching ${file}; Ctrl-C ends this`);
    }));
  return new Promise((_, reject) => {
    const { dir, base } = path.parse(path.resolve(file));
    watch(dir, (_event, name) => {
      if (name === null || name === base) look().catch(reject);
    }).on('error', reject);
    look().catch(reject);
  });
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${messageOf(error)}. To begin with a step of ${LANGUAGES[languageOf(file)].document}, write --start 1`,
    );
  }
}

async function writeStart(file: string, step: number): Promise<void> {
  const starts = startsOf(file);
  if (step > starts.length) throw new UsageError(`--start ${step}: write the number of a step, 1 to ${starts.length}`);
  const { name, source } = starts[step - 1];
  try {
    await writeFile(file, source, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(`--start writes a new file: ${messageOf(error)}`);
  }
  console.log(`${file} has step ${name}. Run it: npm run bench -- kernel ${file}`);
}

/** Of GPU.js those without textures, which run in every mode. */
const startsOf = (file: string): readonly Start[] => startsIn(languageOf(file), 'webasm');

function stepIn(text: string): number {
  const step = Number(text);
  if (Number.isInteger(step) && step >= 1) return step;
  throw new InvalidArgumentError('Write the number of a step, 1 or more.');
}

/** `candidateNamesIn` reads the names of `--backends`. */
export const kernelCommand = (candidateNamesIn: (text: string) => string[]): Command =>
  new Command('kernel')
    .description(
      'Check a kernel of your own, and time it beside Longhand’s product. FILE.wgsl is WGSL (docs/webgpu-kernels.md), FILE.js GPU.js (docs/gpu-kernels.md), FILE.ts AssemblyScript (docs/kernels.md).',
    )
    .argument('<file>', 'the kernel')
    .option('--shape <M,K,N>', 'time [M,K]·[K,N]', sizeIn, [128, 128, 512])
    .addOption(
      new Option(
        '--backends <names>',
        'compare it with these candidates too, such as tensorflow,jax; each product is then waited for',
      )
        .argParser(candidateNamesIn)
        .default([], 'only Longhand’s product of the same kind'),
    )
    .option('--watch', 'run again after each change of the file')
    .option('--start <step>', 'write a step of the language’s document into the file, and run nothing', stepIn)
    .option('--quick', 'time few samples')
    .showSuggestionAfterError(false)
    .exitOverride() // as runCommand for the command above it
    .action(command);
