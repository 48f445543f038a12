/** `longhand gradcheck`: compares the backward pass with numeric gradients. Exit code 1 if a gradient disagrees. */
import { Command } from 'commander';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { GradientReport } from '../gradcheck.js';
import { modelNetwork } from '../model.js';
import { checkModelGradients } from '../network-check.js';
import { formatShape } from '../tensor.js';
import { table } from './format.js';
import { withAdvice, assertRoom } from './memory.js';
import { finiteNumber, positiveNumber, wholeNumber } from './flag-values.js';
import { printJson, printLines } from './print.js';

interface GradcheckFlags {
  readonly steps: number;
  readonly batchSize: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
  readonly forgetBias: number;
  readonly seed: number;
  readonly tolerance: number;
  readonly json: boolean;
}

const ADVICE = 'reduce --steps, --batch-size, --inputs, --hidden or --classes';

export function gradcheckCommand(): Command {
  const size = wholeNumber(1);
  return new Command('gradcheck')
    .description('Compare every gradient of the model with numeric gradients, in f64, at random values.')
    .option('--steps <count>', 'T, steps of a sequence', size, 5)
    .option('--batch-size <count>', 'B, sequences of a batch', size, 3)
    .option('--inputs <count>', 'I, inputs per step', size, 4)
    .option('--hidden <count>', 'H, hidden units', size, 6)
    .option('--classes <count>', 'C, classes', size, 7)
    .option('--forget-bias <number>', "added to the forget gate's pre-activation", finiteNumber, 1)
    .option('--seed <number>', 'seed of the random values', wholeNumber(0), 1)
    .option('--tolerance <number>', 'largest relative error that passes', positiveNumber, 1e-7)
    .option('--json', 'print one JSON object per tensor', false)
    .addHelpText(
      'after',
      `
Examples:
  longhand gradcheck
  longhand gradcheck --steps 12 --hidden 9 --seed 3 --json`,
    )
    .action(async (flags: GradcheckFlags) => {
      const { steps: T, batchSize: B, inputs: I, hidden: H, classes: C, seed, forgetBias, tolerance } = flags;
      const sizes = { T, B, I, H, C };
      assertRoom(modelNetwork(sizes), sizes, { dtype: 'f64', advice: ADVICE });
      const backend = createReferenceBackend({ dtype: 'f64' });
      const reports = await withAdvice(ADVICE, () =>
        checkModelGradients(backend, sizes, { seed, forgetBias, tolerance }),
      );
      if (flags.json) reports.forEach(printJson);
      else printLines(asTable(reports, tolerance));
      if (!reports.every(({ ok }) => ok)) process.exitCode = 1;
    });
}

function asTable(reports: readonly GradientReport[], tolerance: number): string {
  const head = ['tensor', 'shape', 'largest absolute', 'largest relative', 'verdict'];
  const rows = reports.map(({ name, shape, largestAbsolute, largestRelative, ok, worst }) => [
    name,
    formatShape(shape),
    largestAbsolute.toExponential(2),
    largestRelative.toExponential(2),
    ok ? 'ok' : `WRONG: element ${worst.element}: backward ${worst.backward}, numeric ${worst.numeric}`,
  ]);
  return `${table([head, ...rows])}\n(numeric gradients in f64; ok: relative error ≤ ${tolerance})`;
}
