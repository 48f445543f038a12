/** `longhand compare`: compares the results of the user's LSTM, GRU or RNN with those of this one. Exit code 1 if a result differs. */
import { existsSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { type Comparison, type Progress, compareFile } from '../../compare/compare.js';
import { LONGEST_PASS_SECONDS, LONGEST_SEARCH_SECONDS, elementCountOfComparison } from '../../compare/read-problem.js';
import { type TemplateOptions, MOST_PROJECTED, templateOf } from '../../compare/template.js';
import { formatShape } from '../../core/tensor.js';
import { previousOf, replaceFile } from '../../files/disk-replace.js';
import { placeOf, readFile } from '../../files/disk.js';
import { type Safetensors, parseSafetensors, writeSafetensors } from '../../files/safetensors.js';
import { COMPARED_CELLS, COMPARED_LOSSES } from '../../compare/problem.js';
import { type BatchSizes, type NetworkConfig, READS } from '../../network/config.js';
import { currentRun } from '../current-run.js';
import { positiveNumber, wholeNumber } from '../flag-values.js';
import { table, inform, printJson, printLines } from '../print.js';
import { assertRoom } from '../memory.js';

interface CompareFlags extends TemplateOptions {
  readonly tolerance: number;
  readonly template: boolean;
  readonly force: boolean;
  readonly seed: number;
  readonly limit: boolean;
  readonly json: boolean;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('Compare the results of your own LSTM, GRU or RNN with those of this one, in f64.')
    .argument('<file>', 'safetensors file with inputs, weights and at least one result (docs/files.md)')
    .option('--tolerance <number>', 'largest relative difference that passes', positiveNumber, 1e-4)
    .option('--template', 'write an example file to start from, and compare nothing', false)
    .option('--force', 'with --template: replace an existing file; its old contents stay as FILE.previous', false)
    .option('--seed <number>', 'with --template: seed of its numbers', wholeNumber(0), 1)
    .addOption(
      new Option('--cell <name>', 'with --template: cell of the layers (default: lstm)').choices(
        Object.keys(COMPARED_CELLS),
      ),
    )
    .option('--layers <count>', 'with --template: layers, 1 to 100 (default: 1)', wholeNumber(1, 100))
    .option('--bidirectional', 'with --template: each layer has a forward and a reverse direction')
    .option(
      '--projection <count>',
      `with --template: numbers that each LSTM passes on, 1 to ${MOST_PROJECTED} (default: all of its hidden units)`,
      wholeNumber(1, MOST_PROJECTED),
    )
    .option('--without-bias', 'with --template: cells without biases')
    .option('--lengths', 'with --template: the sequences have different lengths')
    .addOption(new Option('--reads <which>', 'with --template: states that the output layer reads').choices(READS))
    .addOption(new Option('--loss <name>', 'with --template: loss').choices(COMPARED_LOSSES))
    .option(
      '--no-limit',
      `no time limit (otherwise ${LONGEST_PASS_SECONDS} s for one pass, and ${LONGEST_SEARCH_SECONDS} s for the search for mistakes)`,
    )
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
${TENSORS}

Examples:
  longhand compare --template mine.safetensors     inputs, weights and correct results, to start from
  longhand compare mine.safetensors                after you have replaced the results with your own
  longhand compare mine.safetensors --tolerance 1e-6 --json
  longhand compare --template deep.safetensors --layers 2 --bidirectional --lengths --reads every`,
    )
    .action(async (file: string, flags: CompareFlags) => {
      const { tolerance, template, limit, json } = flags;
      if (!template) assertNoTemplateFlags(command, flags);
      if (flags.projection !== undefined && (flags.cell ?? 'lstm') !== 'lstm')
        command.error('error: --projection needs --cell lstm');
      const backend = createReferenceBackend({ dtype: 'f64' });
      if (template) {
        writeTemplate(command, file, flags, await templateOf(backend, flags.seed, flags));
        return;
      }
      const parsed = parseSafetensors(readFile(file), file);
      const advice = `take fewer sequences or steps in ${file}`;
      const assertFits = (network: NetworkConfig, sizes: BatchSizes): void =>
        assertRoom(network, sizes, { dtype: 'f64', advice, elementCount: elementCountOfComparison(network, sizes) });
      const comparison = await withProgress((onProgress) =>
        compareFile(backend, parsed, tolerance, file, { limited: limit, assertRoom: assertFits, onProgress }),
      );
      if (json) printJson(comparison);
      else printLines(asText(comparison, tolerance));
      if (!comparison.ok) currentRun().exitCode = 1;
    });
  return command;
}

const TENSORS = `\
Tensors of the file (T steps, B sequences, I inputs, H hidden units, C outputs; F64 or F32, whole numbers I64, I32, U32 or U8):
  x [T,B,I]                    inputs
  kernel [I+H,4H], bias [4H]   one layer and direction: rows of x first; gates i, j, f, o
  recurrentBias [3H]           with cell gru: kernel is [I+H,3H], bias [3H], gates r, z, n; with cell rnn: [I+H,H], [H]
  kernel.N, bias.N             layer N, from 0; kernel.N.reverse, bias.N.reverse: its reverse direction
  projection [H,P]             optional: h = m·projection has P numbers, and kernel is [I+P,4H]; or projection.N
  outKernel [directions·H,C], outBias [C]
  labels [B]                   or [T,B] with reads every; -1 does not count
  targets [B,C]                in place of labels with loss squaredError; or [T,B,C] with reads every
  lengths [B]                  optional: steps of each sequence, 1 to T, in any order
  h0, c0 [B,H]                 optional; c0 and c only of LSTMs; h0 [B,P] with a projection; for several: [layers·directions,B,H] in PyTorch's order
  loss, logits, h, c, d.NAME   your results, each optional; d.NAME is the gradient of an input
Metadata, each optional: cell: lstm (default), gru or rnn; forgetBias of LSTMs (default 1); loss: crossEntropy (default) or squaredError; reads: last (default) or every;
bias: true (default) or false, for cells without biases`;

/** Ends the command with exit code 2 if a flag is given that only changes the template. */
function assertNoTemplateFlags(command: Command, flags: CompareFlags) {
  const { force, cell, layers, bidirectional, projection, withoutBias, lengths, reads, loss } = flags;
  const network = { cell, layers, bidirectional, projection, 'without-bias': withoutBias, lengths, reads, loss };
  const useless = Object.entries({ force: force || undefined, ...network }).find(([, value]) => value !== undefined);
  if (useless) command.error(`error: --${useless[0]} needs --template`);
}

function writeTemplate(command: Command, file: string, { force }: CompareFlags, template: Safetensors): void {
  if (existsSync(placeOf(file)) && !force)
    command.error(`error: ${file} exists: --force replaces it, and keeps its contents as ${previousOf(file)}`);
  replaceFile(file, writeSafetensors(template), { keepOld: true });
  inform(`${file}: replace loss, logits, the states and d.… with your own numbers; you may leave some out`);
}

/** A progress bar on standard error, if that is a terminal; it is cleared at the end. */
async function withProgress<Result>(
  work: (onProgress: (progress: Progress) => void) => Promise<Result>,
): Promise<Result> {
  const { stderr } = currentRun();
  if (!stderr.isTTY) return work(() => {});
  // Ctrl-C ends the process at once, so the bar leaves the cursor and the terminal's line wrap as they are
  const bar = new SingleBar({
    format: '{bar} {what}, {percentage}%',
    stream: stderr,
    clearOnComplete: true,
    linewrap: true,
  });
  bar.start(1, 0, { what: 'measuring' });
  try {
    return await work(({ what, share }) => bar.update(share, { what: WORDS[what] }));
  } finally {
    bar.stop();
  }
}

const WORDS = { pass: 'computing', mistakes: 'searching for the mistake' } satisfies Record<Progress['what'], string>;

/** A table of the differences, and below it the mistakes that explain them. */
export function asText({ cell, differences, ok, hints, search }: Comparison, tolerance: number): string {
  const head = ['tensor', 'shape', 'absolute', 'at', 'relative', 'at', 'yours', 'here', 'verdict'];
  const rows = differences.map((difference) => [
    difference.name,
    formatShape(difference.shape),
    difference.largestAbsolute.toExponential(2),
    formatShape(difference.elementOfAbsolute),
    difference.largestRelative.toExponential(2),
    formatShape(difference.element),
    digits(difference.theirs),
    digits(difference.ours),
    difference.ok ? 'ok' : 'DIFFERS',
  ]);
  const words = hints.map((hint) => `\nYour numbers match ${COMPARED_CELLS[cell]} in which ${hint}.`);
  const causes = new Set(differences.flatMap(({ cause }) => (cause === undefined ? [] : [`\n${cause}`])));
  const none =
    ok || hints.length > 0 ? '' : `\nNone of the usual mistakes alone gives your numbers.${[...causes].join('')}`;
  const stopped =
    `\nThe search for mistakes tried ${search.tried} of ${search.of} in its limit of ${LONGEST_SEARCH_SECONDS} s. ` +
    '--no-limit tries all.';
  const end = search.tried < search.of ? stopped : none;
  return `${table([head, ...rows])}\n(largest differences; recomputed in f64; ok: relative ≤ ${tolerance})${words.join('')}${end}`;
}

const digits = (value: number): string => value.toPrecision(7);
