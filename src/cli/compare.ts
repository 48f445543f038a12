/** `longhand compare`: somebody else's LSTM against this one. Exit code 1 where a number differs. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import type { Comparison } from '../compare.js';
import { compareFile, templateOf } from '../compare.js';
import { previousOf, readFile, replaceFile } from '../files.js';
import { parseSafetensors, writeSafetensors } from '../safetensors.js';
import { formatShape } from '../tensor.js';
import { table } from './format.js';
import { positiveNumber, wholeNumber } from './options.js';
import { inform, printJson, printLines } from './print.js';

interface CompareFlags {
  readonly tolerance: number;
  readonly template: boolean;
  readonly force: boolean;
  readonly seed: number;
  readonly json: boolean;
}

export function compareCommand(): Command {
  const command = new Command('compare')
    .description('Compare the numbers of an LSTM of your own with this one, recomputed in f64.')
    .argument('<file>', 'safetensors: inputs and weights, and any of the results (docs/files.md)')
    .option('--tolerance <number>', 'largest relative difference that passes', positiveNumber, 1e-4)
    .option('--template', 'write an example to start from instead', false)
    .option('--force', 'with --template: replace a file that is there, and keep it as FILE.previous', false)
    .option('--seed <number>', 'with --template', wholeNumber(0), 1)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Examples:
  longhand compare --template mine.safetensors     inputs, weights, and the results as they should be
  longhand compare mine.safetensors                after you have put your own results there
  longhand compare mine.safetensors --tolerance 1e-6 --json`,
    )
    .action(async (file: string, { tolerance, template, force, seed, json }: CompareFlags) => {
      if (force && !template) command.error('error: --force needs --template');
      const backend = createReferenceBackend({ dtype: 'f64' });
      if (template) {
        if (existsSync(file) && !force) {
          command.error(`error: ${file} exists: --force replaces it, and keeps it as ${previousOf(file)}`);
        }
        replaceFile(file, writeSafetensors(await templateOf(backend, seed)), { keepOld: true });
        inform(`${file}: replace its loss, logits, h, c and d.… by your own, or leave some out`);
        return;
      }
      const comparison = await compareFile(backend, parseSafetensors(readFile(file), file), tolerance, file);
      if (json) printJson(comparison);
      else printLines(asText(comparison, tolerance));
      if (!comparison.ok) process.exitCode = 1;
    });
  return command;
}

function asText({ differences, ok, hints }: Comparison, tolerance: number): string {
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
  const words = hints.map((hint) => `\nYour numbers are what comes out where ${hint}.`);
  const none = ok || hints.length > 0 ? '' : '\nNone of the usual mistakes alone gives your numbers.';
  return `${table([head, ...rows])}\n(largest differences; recomputed in f64; ok: relative ≤ ${tolerance})${words.join('')}${none}`;
}

const digits = (value: number): string => value.toPrecision(7);
