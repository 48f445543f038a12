/** `longhand export` and `longhand import`: convert networks for other tools, and from other tools. */
import { Command, Option } from 'commander';
import path from 'node:path';
import { cellOf } from '../../cells/cells.js';
import { counted } from '../../core/arguments.js';
import { DataError } from '../../core/errors.js';
import { decimalFrom, F32_RANGE, isWithinF32, LARGEST_WHOLE, wholeFrom } from '../../core/numbers.js';
import { toKeras, toTensorFlowJs, fromTensorFlow1, toTensorFlow1 } from '../../export/tensorflow.js';
import { fromPyTorchTraining, toPyTorchTraining } from '../../export/pytorch-training.js';
import { fromPyTorch, toPyTorch } from '../../export/pytorch.js';
import { formatKind } from '../../export/weights.js';
import { assertReplaceable, previousOf, replaceFile } from '../../files/disk-replace.js';
import { makeFolder, readFile } from '../../files/disk.js';
import { type Safetensors, parseSafetensors, quote } from '../../files/safetensors.js';
import { isPlain } from '../../network/config.js';
import { metadataIn } from '../../training/checkpoint-fields.js';
import { loadCheckpoint, saveCheckpoint } from '../../training/checkpoint-files.js';
import type { Checkpoint } from '../../training/checkpoint.js';
import { filePath, finiteNumber, inF32, wholeNumber } from '../flag-values.js';
import { type WrittenFile, assertAllApart, meetingError, meetingOf, stemOf } from '../outputs.js';
import { print, printJson } from '../print.js';

type Files = Readonly<Record<string, Uint8Array>>;

type Written = Uint8Array | Files;

/** The formats of `--to`. Each writes one file with this extension, or a folder of files. `input` is for messages. */
const FORMS: Readonly<
  Record<string, { extension: string; write: (saved: Checkpoint, input: string) => Written | Promise<Written> }>
> = {
  onnx: {
    extension: '.onnx',
    write: async ({ model, metadata }) => (await import('../../export/onnx.js')).toOnnx(model, metadata),
  },
  'safetensors-pytorch': {
    extension: '.pytorch.safetensors',
    write: ({ model, metadata }) => toPyTorch(model, metadata),
  },
  'safetensors-tf1': { extension: '.tf1.safetensors', write: ({ model, metadata }) => toTensorFlow1(model, metadata) },
  keras: { extension: '.keras.safetensors', write: ({ model, metadata }) => toKeras(model, metadata) },
  tfjs: { extension: '.tfjs', write: ({ model, metadata }) => toTensorFlowJs(model, metadata) },
  'pytorch-training': { extension: '.pytorch-training.safetensors', write: toPyTorchTraining },
};

interface ExportFlags {
  readonly to: string;
  readonly output?: string;
  readonly force: boolean;
  readonly json: boolean;
}

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Write a saved network in the format of another tool.')
    .argument('<file>', 'a checkpoint')
    .addOption(new Option('--to <format>', 'format to write').choices(Object.keys(FORMS)).makeOptionMandatory())
    .option(
      '--output <file>',
      "file or folder to write (default: beside the checkpoint, with its name and the format's extension)",
      filePath,
    )
    .option('--force', FORCE_HELP, false)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Formats:
  onnx                 LSTM, GRU and RNN operators: x [T,B,I] with any B → logits and probabilities [B,C]
  safetensors-pytorch  state_dict of an nn.LSTM named lstm (nn.GRU: gru, nn.RNN: rnn) and an nn.Linear named fc
  safetensors-tf1      the tutorial's variables, for BasicLSTMCell; only the tutorial's network
  keras                safetensors with the weights of LSTM, GRU or SimpleRNN and Dense layers, in the order of get_weights()
  tfjs                 folder with a model.json for tf.loadLayersModel; no GRUs
  pytorch-training     the whole run, for docs/continue-in-pytorch.py: weights, moments, step, order of the data

Examples:
  longhand export run.safetensors --to onnx
  longhand export run.safetensors --to tfjs --output model`,
    );
  return command.action(async (file: string, { to, output, force, json }: ExportFlags) => {
    const { extension, write } = FORMS[to];
    const target = output ?? beside(file, extension);
    const checkpoint = loadCheckpoint(file);
    const written = await write(checkpoint, file);
    const files = written instanceof Uint8Array ? { [target]: written } : within(target, written);
    const names = Object.keys(files);
    const outputs = names.map((file) => ({ name: 'the output', file, keepOld: force }));
    assertAllApart(command, outputs);
    for (const one of outputs) assertKeepsInput(command, one, file, force);
    if (!(written instanceof Uint8Array)) {
      if (meetingOf({ file: target, keepOld: false }, file) === '')
        command.error(`error: the output ${target} is the input, but must be a folder`);
      makeFolder(target);
    }
    for (const { file, keepOld } of outputs) assertReplaceable(file, { keepOld });
    for (const [name, bytes] of Object.entries(files)) replaceFile(name, bytes, { keepOld: force });
    const sizes = Object.entries(files).map(([name, { length }]) => ({ file: name, bytes: length }));
    if (json) printJson({ form: to, files: sizes });
    else for (const { file, bytes } of sizes) print(`${file}: ${counted(bytes, 'byte')}`);
  });
}

/** A file in the folder of `input`, with its name. */
const beside = (input: string, extension: string): string => path.normalize(stemOf(input) + extension);

const FORCE_HELP = 'allow the output to replace the input; the old contents stay as FILE.previous';

/** Ends the command with exit code 2 if writing `output` would replace `input`, unless `force` allows it and keeps the input. */
function assertKeepsInput(command: Command, output: WrittenFile, input: string, force: boolean): void {
  const meeting = meetingOf(output, input);
  if (meeting === undefined || (meeting === '' && force)) return;
  command.error(
    meeting === ''
      ? `error: the output ${output.file} is the input: choose another --output, ` +
          `or pass --force, which keeps the input as ${previousOf(output.file)}`
      : meetingError(meeting, output, { name: 'the input', file: input }),
  );
}

const within = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [path.join(folder, name), bytes]));

interface ImportFlags {
  readonly from: (typeof IMPORTED)[number];
  readonly output?: string;
  readonly force: boolean;
  readonly rows?: number;
  readonly forgetBias?: number;
  readonly json: boolean;
}

/** The formats of `--from`. */
const IMPORTED = ['safetensors-pytorch', 'safetensors-tf1', 'pytorch-training'] as const;

/** Rows of an image in MNIST. */
const USUAL_ROWS = 28;
/** The default of BasicLSTMCell. */
const USUAL_FORGET_BIAS = 1;

export function importCommand(): Command {
  const command = new Command('import')
    .description('Make a checkpoint from the weights of another tool.')
    .argument('<file>', 'a safetensors file')
    .addOption(new Option('--from <format>', 'format to read').choices(IMPORTED).makeOptionMandatory())
    .option('--output <file>', 'checkpoint to write (default: beside the file, as NAME.longhand.safetensors)', filePath)
    .option('--force', FORCE_HELP, false)
    .option(
      '--rows <count>',
      "steps of a sequence, the rows of an image (default: the file's metadata, else 28)",
      wholeNumber(1),
    )
    .option(
      '--forget-bias <number>',
      "forget bias of BasicLSTMCell, with safetensors-tf1 (default: the file's metadata, else 1)",
      inF32(finiteNumber),
    )
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Formats:
  safetensors-pytorch  one nn.LSTM, nn.GRU or nn.RNN, or a numbered list, and one nn.Linear, with any names
  safetensors-tf1      BasicLSTMCell's kernel and bias, and the output layer's two variables
  pytorch-training     a run that docs/continue-in-pytorch.py continued; train --resume continues it here

Examples:
  longhand import state_dict.safetensors --from safetensors-pytorch --output run.safetensors
  longhand import variables.safetensors --from safetensors-tf1 --forget-bias 0`,
    );
  return command.action((name: string, flags: ImportFlags) => {
    const { from, output, force, rows, forgetBias, json } = flags;
    if (forgetBias !== undefined && from !== 'safetensors-tf1')
      command.error(`error: --forget-bias needs --from safetensors-tf1; ${NO_FORGET_BIAS[from]}`);
    if (rows !== undefined && from === 'pytorch-training')
      command.error('error: --rows cannot change the network of a run: leave it out with --from pytorch-training');
    const target = output ?? beside(name, '.longhand.safetensors');
    assertKeepsInput(command, { name: 'the output', file: target, keepOld: true }, name, force);
    const imported = importedFrom(parseSafetensors(readFile(name), name), name, flags);
    saveCheckpoint(target, imported);
    if (json) printJson({ file: target, ...fieldsOf(imported) });
    else print(`${target}: ${described(imported)}`);
  });
}

const NO_FORGET_BIAS = {
  'safetensors-pytorch': 'PyTorch has no forget bias',
  'safetensors-tf1': '',
  'pytorch-training': 'the file has the forget bias of its run',
} satisfies Record<ImportFlags['from'], string>;

function importedFrom(file: Safetensors, name: string, { from, rows, forgetBias }: ImportFlags): Checkpoint {
  if (from === 'pytorch-training') return fromPyTorchTraining(file, name);
  const T = rows ?? metadataNumber(file, name, 'T', rowsFrom, ROWS) ?? USUAL_ROWS;
  const bias = (): number =>
    forgetBias ?? metadataNumber(file, name, 'forgetBias', biasFrom, BIAS) ?? USUAL_FORGET_BIAS;
  const model = from === 'safetensors-pytorch' ? fromPyTorch(file, T, name) : fromTensorFlow1(file, T, bias(), name);
  const own = file.metadata.get('metadata'); // of a checkpoint that was exported
  return { model, training: null, ...(own !== undefined && { metadata: metadataIn(own, `${name}: metadata`) }) };
}

/** The tutorial's network has the fields of Longhand 0.1.0. */
function fieldsOf({ model: { T, network }, training }: Checkpoint): object {
  const { inputs: I, layers, outputs: C, forgetBias } = network;
  const sizes = isPlain(network) ? { T, I, H: layers[0].hidden, C, forgetBias } : { T, network };
  return { ...sizes, ...(training && { step: training.step }) };
}

function described({ model: { network }, training }: Checkpoint): string {
  const { inputs, layers, outputs, loss, forgetBias } = network;
  const isForgetting = layers.some(({ cell }) => cellOf(cell).gates.includes('f'));
  const hidden = isPlain(network) ? counted(layers[0].hidden, 'unit') : formatKind(network);
  const results = loss === 'crossEntropy' ? 'classes' : 'outputs';
  const state = training ? `; its training is at step ${training.step}` : '';
  return `${inputs} inputs, ${hidden}, ${outputs} ${results}${isForgetting ? `, forget bias ${forgetBias}` : ''}${state}`;
}

/** A number of the metadata; undefined if there is none. `parse` returns NaN for a text that is not as `rule` says: a DataError. */
function metadataNumber(
  { metadata }: Safetensors,
  name: string,
  key: 'T' | 'forgetBias',
  parse: (text: string) => number,
  rule: string,
): number | undefined {
  const text = metadata.get(key);
  if (text === undefined) return undefined;
  const value = parse(text);
  if (Number.isNaN(value)) throw new DataError(`${name}: metadata ${key} is ${quote(text)}, must be ${rule}`);
  return value;
}

const rowsFrom = (text: string): number => wholeFrom(text, 1, LARGEST_WHOLE);
const ROWS = `a whole number from 1 to ${LARGEST_WHOLE}`;
const biasFrom = (text: string): number => (isWithinF32(decimalFrom(text)) ? decimalFrom(text) : NaN);
const BIAS = `a number within ${F32_RANGE}`;
