/**
 * `npm run bench:gpu-kernels`: the matrix product in GPU.js, from one number per thread to the real backend, in the steps of
 * docs/gpu-kernels.md. In Node, or with `--browser` in a page of Chrome or Chromium.
 *
 * Each step's result is checked against three loops in f64 before it is timed. A product counts 2·M·N·K FLOP.
 */
import { availableParallelism, cpus } from 'node:os';
import { Command, Option } from 'commander';
import { type Mode, MODES } from '../../kernels/gpu/gpu-js.js';
import { openStepsPage } from '../browser/site.js';
import { runCommand, sizeIn } from '../command.js';
import { withLoad } from '../measure/environment.js';
import { type News, measureMode } from './gpu-kernels.js';
import { type Size, StepTable } from './product-steps.js';

interface Options {
  readonly mode?: Mode;
  readonly size?: Size;
  readonly browser?: boolean;
  readonly quick?: boolean;
}

/** The LSTM's own product, hPrev·Wh, and one that is equally large in every direction. */
const SIZES: readonly Size[] = [
  [128, 128, 512],
  [256, 256, 256],
];

/** Measures the steps of a mode, and reports them one by one. */
type Measure = (mode: Mode, sizes: readonly Size[], isQuick: boolean, report: (news: News) => void) => Promise<void>;

/** Where the steps run, and what this place is called. */
interface Place {
  readonly name: string;
  readonly modes: readonly Mode[];
  readonly measure: Measure;
  close(): Promise<void>;
}

const NODE: Place = {
  name: `Node ${process.versions.node}`,
  modes: MODES.filter((mode) => mode !== 'webgl2'),
  measure: measureMode,
  close: async () => {},
};

async function openChromium(): Promise<Place> {
  const page = await openStepsPage<News>('gpu-kernels');
  return {
    name: page.name,
    modes: MODES.filter((mode) => mode !== 'headlessgl'),
    measure: (mode, sizes, isQuick, report) => page.call('measureMode', [mode, sizes, isQuick], report),
    close: () => page.close(),
  };
}

async function bench({ mode, size, browser = false, quick: isQuick = false }: Options): Promise<void> {
  const place = browser ? await openChromium() : NODE;
  try {
    console.log(`${place.name}, ${availableParallelism()} × ${cpus()[0].model}`);
    let refusals = 0;
    const modes = mode ? [mode] : place.modes;
    await withLoad(async () => {
      for (const one of modes) {
        let table: StepTable | undefined;
        await place.measure(one, size ? [size] : SIZES, isQuick, (news) => {
          if ('refusal' in news) {
            refusals++;
            console.log(`\nmode ${one} is ${news.isWrong ? 'WRONG' : 'left out'}: ${news.refusal}`);
            if (news.isWrong) process.exitCode = 1;
          } else if ('executor' in news) console.log(`\n${news.executor}`);
          else if ('size' in news) table = new StepTable(news.size);
          else table?.print(news.step);
        });
      }
    });
    if (refusals === modes.length) process.exitCode = 1; // nothing was measured
  } finally {
    await place.close();
  }
}

const command = new Command('npm run bench:gpu-kernels --')
  .description(
    'The matrix product in GPU.js, step by step. Each step is checked against three loops in f64, then timed.',
  )
  .addOption(
    new Option('--mode <mode>', 'measure only this mode of GPU.js (default: each that works here)').choices(MODES),
  )
  .option('--size <M,K,N>', 'measure [M,K]·[K,N] only', sizeIn)
  .option('--browser', 'run in a page of Chrome or Chromium')
  .option('--quick', 'measure few samples')
  .showSuggestionAfterError(false)
  .action(bench);

await runCommand(command, 'bench:gpu-kernels');
