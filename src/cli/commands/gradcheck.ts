/** `longhand gradcheck`: compares the backward pass with numeric gradients. Exit code 1 if a gradient disagrees. */
import { Command, Option } from 'commander';
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { cellOf } from '../../cells/cells.js';
import { CELL_NAMES } from '../../cells/names.js';
import { counted } from '../../core/arguments.js';
import { gradientText } from '../../equations/gradcheck-report.js';
import type { CompleteConfig, NetworkConfig } from '../../network/config.js';
import { EIGENVALUES, INPUT_KINDS, LOSSES, READS } from '../../network/config.js';
import { checkNetworkGradients } from '../../network/network-check.js';
import { type TrainOptions, layersOf } from '../../training/options.js';
import { currentRun } from '../current-run.js';
import { f32Number, finiteNumber, listOf, positiveNumber, wholeNumber } from '../flag-values.js';
import { printJson, printLines } from '../print.js';
import { withAdvice, assertRoom } from '../memory.js';

type LayerFlags =
  'hidden' | 'layers' | 'bidirectional' | 'cell' | 'projection' | 'withoutBias' | 'dropout' | 'eigenvalues';

interface GradcheckFlags
  extends
    Pick<TrainOptions, LayerFlags | 'batchSize' | 'seed'>,
    Pick<CompleteConfig, 'inputs' | 'inputKind' | 'reads' | 'loss'> {
  readonly steps: number;
  readonly classes: number;
  readonly lengths: boolean;
  readonly forgetBias?: number;
  readonly tolerance: number;
  readonly json: boolean;
}

const ADVICE = 'reduce --steps, --batch-size, --inputs, --hidden or --classes';

export function gradcheckCommand(): Command {
  const size = wholeNumber(1);
  const command = new Command('gradcheck');
  return command
    .description('Compare every gradient of a network with numeric gradients, in f64, at random values.')
    .option('--steps <count>', 'T, steps of a sequence', size, 5)
    .option('--batch-size <count>', 'B, sequences of a batch', size, 3)
    .option('--inputs <count>', 'I, inputs per step', size, 4)
    .option('--hidden <counts>', 'H, hidden units of each layer; 6,5 makes two layers', listOf(size), 6)
    .option('--layers <count>', 'layers of the network', wholeNumber(1, 100), 1)
    .option('--bidirectional', 'each layer also reads its sequences in reverse', false)
    .addOption(new Option('--cell <name>', 'the cell of each layer').choices(CELL_NAMES).default('lstm'))
    .option(
      '--projection <count>',
      'P, numbers that each LSTM passes on; 0: all of its hidden units',
      wholeNumber(0),
      0,
    )
    .option('--without-bias', 'cells without biases', false)
    .option('--dropout <probability>', 'of a number between two layers', f32Number(0, 0.99, false), 0)
    .option('--classes <count>', 'C, classes, or numbers that the network computes', size, 7)
    .addOption(new Option('--input-kind <kind>', 'what a step reads').choices(INPUT_KINDS).default('numbers'))
    .addOption(new Option('--reads <steps>', 'which states the output layer reads').choices(READS).default('last'))
    .addOption(new Option('--loss <name>', 'what is averaged').choices(LOSSES).default('crossEntropy'))
    .option('--lengths', 'sequences of different lengths, from T down to 1', false)
    .option('--forget-bias <number>', "added to the forget gate's pre-activation (default: 1)", finiteNumber)
    .addOption(new Option('--eigenvalues <sign>', 'the factors of a scan').choices(EIGENVALUES).default('positive'))
    .option('--seed <number>', 'seed of the random values', wholeNumber(0), 1)
    .option('--tolerance <number>', 'largest relative error that passes', positiveNumber, 1e-7)
    .option('--json', 'print one JSON object per tensor', false)
    .addHelpText(
      'after',
      `
Examples:
  longhand gradcheck
  longhand gradcheck --steps 12 --hidden 9 --seed 3 --json
  longhand gradcheck --cell gru --lengths
  longhand gradcheck --layers 2 --bidirectional --projection 3 --lengths --reads every --loss squaredError`,
    )
    .action(async (flags: GradcheckFlags) => {
      const { steps: T, batchSize: B, seed, tolerance } = flags;
      const [network, sizes] = [networkOf(flags, command), { T, B }];
      assertRoom(network, sizes, { dtype: 'f64', advice: ADVICE });
      const backend = createReferenceBackend({ dtype: 'f64' });
      const lengths = flags.lengths ? { lengths: lengthsFor(T, B) } : {};
      const reports = await withAdvice(ADVICE, () =>
        checkNetworkGradients(backend, network, sizes, { seed, tolerance, ...lengths }),
      );
      if (flags.json) reports.forEach(printJson);
      else printLines(gradientText(reports, tolerance));
      if (!reports.every(({ ok }) => ok)) currentRun().exitCode = 1;
    });
}

function networkOf(flags: GradcheckFlags, command: Command): NetworkConfig {
  const { inputs, classes: outputs, inputKind, reads, loss, dropout, hidden, layers, projection, eigenvalues } = flags;
  const { forgetBias = 1 } = flags;
  const { canProject, hasFactors, gates } = cellOf(flags.cell);
  if (typeof hidden !== 'number' && layers !== 1 && layers !== hidden.length)
    command.error(`error: --hidden has ${counted(hidden.length, 'number')}, but --layers is ${layers}`);
  if (projection > 0 && canProject !== true) command.error('error: --projection needs --cell lstm');
  if (eigenvalues === 'signed' && hasFactors !== true)
    command.error('error: --eigenvalues needs --cell mingru or minlstm');
  if (flags.forgetBias !== undefined && !gates.includes('f'))
    command.error(`error: --forget-bias has no effect: the cell ${flags.cell} has no forget gate`);
  const smallest = Math.min(...layersOf(flags).map((layer) => layer.hidden));
  if (projection >= smallest)
    command.error(`error: --projection is ${projection}: must be smaller than --hidden, ${smallest}, or 0 for none`);
  if (dropout > 0 && layersOf(flags).length === 1)
    command.error('error: --dropout needs two layers or more: it drops numbers between them');
  const quantiles = Array.from({ length: loss === 'pinball' ? outputs : 0 }, (_, k) => (k + 1) / (outputs + 1));
  return {
    inputs,
    layers: layersOf(flags),
    outputs,
    inputKind,
    reads,
    loss,
    quantiles,
    dropout,
    forgetBias,
    eigenvalues,
  };
}

/** From T down to 1, the longest first. */
function lengthsFor(T: number, B: number): number[] {
  return Array.from({ length: B }, (_, b) => Math.max(1, Math.round(T - (b * (T - 1)) / Math.max(1, B - 1))));
}
