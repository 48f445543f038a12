/**
 * `npm run bench:webgpu-kernels`: the matrix product in WGSL, from one number per thread to the real backend, in the steps of
 * docs/webgpu-kernels.md. In Node, or with `--browser` in a page of Chrome or Chromium.
 *
 * Each step's result is checked against three loops in f64 before it is timed. A product counts 2·M·N·K FLOP.
 */
import { availableParallelism, cpus } from 'node:os';
import { Command } from 'commander';
import { openStepsPage } from '../browser/site.js';
import { runCommand, sizeIn } from '../command.js';
import { withLoad } from '../measure/environment.js';
import { fillParts, placeOf, table } from '../report/tables.js';
import { range } from '../report/verdicts.js';
import { type Outcome, type Size, figuresOf, StepTable } from './product-steps.js';
import { type News, measureWebGpu, stepsFor } from './webgpu-kernels.js';

interface Options {
  readonly size?: Size;
  readonly browser?: boolean;
  readonly quick?: boolean;
  readonly document?: string;
}

interface Measured {
  readonly size: Size;
  readonly steps: Outcome[];
}

async function bench({ size, browser = false, quick: isQuick = false, document }: Options): Promise<void> {
  const part = browser ? 'chromium' : 'node';
  if (document !== undefined) placeOf(part, '--document', document); // before a measurement that would be lost
  const page = browser ? await openStepsPage<News>('webgpu-kernels') : undefined;
  const place = `${page?.name ?? `Node ${process.versions.node}`}, ${availableParallelism()} × ${cpus()[0].model}`;
  const measured: Measured[] = [];
  const training: Outcome[] = [];
  let choices: readonly string[] = [];
  let executor: string | undefined;
  let lines: StepTable | undefined;
  const report = (news: News): void => {
    if ('refusal' in news) console.log(`\n${news.refusal}`);
    else if ('executor' in news) console.log(`\n${(executor = news.executor)}`);
    else if ('size' in news) {
      lines = new StepTable(news.size);
      measured.push({ size: news.size, steps: [] });
    } else if ('training' in news) {
      training.push(news.training);
      printTraining(news.training);
    } else if ('choices' in news) {
      choices = news.choices;
      for (const line of choices) console.log(`    ${line}`);
    } else {
      lines?.print(news.step);
      measured.at(-1)?.steps.push(news.step);
    }
  };
  console.log(place);
  const loads = await withLoad(() =>
    page ? page.call('measureWebGpu', [size ?? null, isQuick], report) : measureWebGpu(size ?? null, isQuick, report),
  ).finally(() => page?.close());
  if (executor === undefined)
    process.exitCode = 1; // nothing was measured
  else if (document !== undefined && !process.exitCode) {
    const date = new Date().toISOString().slice(0, 10);
    const counts = measured.flatMap(({ steps }) => steps.flatMap(({ times }) => times?.count ?? []));
    const samples = `samples of each time: ${range(counts, String)}`;
    const load = `load before and after: ${range(loads, (one) => one.toFixed(2))} of ${cpus().length} processors`;
    const tables = [tableOf(measured), ...(training.length > 0 ? [trainingText(training, choices)] : [])];
    const text = `${place}, ${executor}, on ${date}; ${samples}; ${load}:\n\n${tables.join('\n\n')}`;
    await fillParts('--document', document, { [part]: text });
  }
}

const medianOf = ({ times }: Outcome): string => `${(times?.median ?? NaN).toFixed(1)} ms`;

/** A line of a training step. A wrong one sets the exit code. */
function printTraining(outcome: Outcome): void {
  console.log(`\n${outcome.name}: ${outcome.mistake === undefined ? medianOf(outcome) : `WRONG: ${outcome.mistake}`}`);
  if (outcome.mistake !== undefined) process.exitCode = 1;
}

/** The training step with each choice, and what was chosen. */
function trainingText(training: readonly Outcome[], choices: readonly string[]): string {
  const times = training.map((outcome) => `${outcome.name}: ${medianOf(outcome)}`).join('; ');
  const list = choices.map((line) => `- ${line}`).join('\n');
  return `In turns, ${times}. Its products, alone or with the cell, and their tiles:\n\n${list || '- none is large enough'}`;
}

/** One line for each step. For each size: the time, the GFLOPS, and the speed compared with the line above, or of the backend with its step. */
function tableOf(measured: readonly Measured[]): string {
  const loads = stepsFor('gpu').map((step) => String(Number(step.loads.toFixed(3))));
  const figures = measured.map(({ size, steps }) =>
    steps.map(({ times, comparedMs }, n) =>
      figuresOf(size, times?.median ?? NaN, comparedMs ?? steps.slice(0, n).at(-1)?.times?.median),
    ),
  );
  const names = measured[0].steps.map(({ name }) => name);
  const rows = names.map((name, n) => [name, loads.at(n) ?? '', ...figures.flatMap((ofSize) => ofSize[n])]);
  const heads = measured.map(({ size: [M, K, N] }) => [`[${M},${K}]·[${K},${N}], ms`, 'GFLOPS', 'ratio']);
  return table(['step', 'loads', ...heads.flat()], rows);
}

const command = new Command('npm run bench:webgpu-kernels --')
  .description('The matrix product in WGSL, step by step. Each step is checked against three loops in f64, then timed.')
  .option('--size <M,K,N>', 'measure [M,K]·[K,N] only', sizeIn)
  .option('--browser', 'run in a page of Chrome or Chromium')
  .option('--quick', 'measure few samples, of small products')
  .option('--document <file>', 'write the table into the marked part of a document')
  .showSuggestionAfterError(false)
  .action(bench);

await runCommand(command, 'bench:webgpu-kernels');
