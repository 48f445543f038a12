/** `longhand export` and `longhand import`: a network for other tools, and from them. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Command, Option } from 'commander';
import type { SavedModel } from '../checkpoint.js';
import { loadCheckpoint, saveCheckpoint } from '../checkpoint-files.js';
import { DataError } from '../data-error.js';
import { toKeras, toTensorFlowJs } from '../export/keras.js';
import { fromPyTorch, toPyTorch } from '../export/pytorch.js';
import { fromTensorFlow1, toTensorFlow1 } from '../export/tensorflow1.js';
import { failure, readFile, replaceFile } from '../files.js';
import type { Safetensors } from '../safetensors.js';
import { parseSafetensors } from '../safetensors.js';
import { finiteNumber, wholeNumber } from './options.js';
import { print, printJson } from './output.js';

type Files = Readonly<Record<string, Uint8Array>>;

/** What each form writes: one file, named after its extension, or several in a folder. */
const FORMS: Readonly<
  Record<string, { extension: string; write: (model: SavedModel) => Promise<Uint8Array | Files> }>
> = {
  onnx: { extension: '.onnx', write: async (model) => (await import('../export/onnx.js')).toOnnx(model) },
  'safetensors-pytorch': { extension: '.pytorch.safetensors', write: async (model) => toPyTorch(model) },
  'safetensors-tf1': { extension: '.tf1.safetensors', write: async (model) => toTensorFlow1(model) },
  keras: { extension: '.keras.safetensors', write: async (model) => toKeras(model) },
  tfjs: { extension: '.tfjs', write: async (model) => toTensorFlowJs(model) },
};

interface ExportFlags {
  readonly to: string;
  readonly output?: string;
  readonly json: boolean;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('Write a saved network in the form that another tool reads.')
    .argument('<file>', 'a checkpoint')
    .addOption(new Option('--to <form>', 'which').choices(Object.keys(FORMS)).makeOptionMandatory())
    .option('--output <file>', 'where to (default: beside the checkpoint, by its name)')
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Forms:
  onnx                 LSTM operator; x [T,B,I], any B → logits and probabilities [B,C]
  safetensors-pytorch  state_dict of an nn.LSTM named lstm and an nn.Linear named fc
  safetensors-tf1      the tutorial's variables, for BasicLSTMCell
  keras                weights of LSTM and Dense, in the order of get_weights(), as safetensors
  tfjs                 folder with model.json, for tf.loadLayersModel

Examples:
  longhand export run.safetensors --to onnx
  longhand export run.safetensors --to tfjs --output model`,
    )
    .action(async (file: string, { to, output, json }: ExportFlags) => {
      const { extension, write } = FORMS[to];
      const target = output ?? path.join(path.dirname(file), path.parse(file).name + extension);
      const written = await write(loadCheckpoint(file).model);
      const files: Files = written instanceof Uint8Array ? { [target]: written } : within(target, written);
      for (const [name, bytes] of Object.entries(files)) replaceFile(name, bytes);
      const sizes = Object.entries(files).map(([name, { length }]) => ({ file: name, bytes: length }));
      if (json) printJson({ form: to, files: sizes });
      else for (const { file: name, bytes } of sizes) print(`${name}: ${bytes} bytes`);
    });
}

function within(folder: string, files: Files): Files {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw failure(folder, 'cannot be made', error);
  }
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [path.join(folder, name), bytes]));
}

interface ImportFlags {
  readonly from: 'safetensors-pytorch' | 'safetensors-tf1';
  readonly output?: string;
  readonly rows?: number;
  readonly forgetBias?: number;
  readonly json: boolean;
}

/** Rows of an MNIST image. */
const USUAL_ROWS = 28;
/** That of BasicLSTMCell. */
const USUAL_FORGET_BIAS = 1;

export function importCommand(): Command {
  const command = new Command('import')
    .description('Make a checkpoint from the weights of another tool.')
    .argument('<file>', 'safetensors')
    .addOption(
      new Option('--from <form>', 'which').choices(['safetensors-pytorch', 'safetensors-tf1']).makeOptionMandatory(),
    )
    .option('--output <file>', 'where to (default: beside the file, by its name)')
    .option('--rows <count>', 'rows of an image (default: as the file says, else 28)', wholeNumber(1))
    .option(
      '--forget-bias <number>',
      'that the cell adds, with safetensors-tf1 (default: as the file says, else 1)',
      finiteNumber,
    )
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Forms:
  safetensors-pytorch  one nn.LSTM layer and one nn.Linear, whatever their names
  safetensors-tf1      BasicLSTMCell's kernel and bias, and the output layer's two variables

Examples:
  longhand import state_dict.safetensors --from safetensors-pytorch --output run.safetensors
  longhand import variables.safetensors --from safetensors-tf1 --forget-bias 0`,
    );
  return command.action((name: string, { from, output, rows, forgetBias, json }: ImportFlags) => {
    if (forgetBias !== undefined && from !== 'safetensors-tf1') {
      command.error('error: --forget-bias needs --from safetensors-tf1; PyTorch adds none');
    }
    const file = parseSafetensors(readFile(name), name);
    const T = rows ?? metadataNumber(file, 'T', name) ?? USUAL_ROWS;
    const model =
      from === 'safetensors-pytorch'
        ? fromPyTorch(file, T, name)
        : fromTensorFlow1(file, T, forgetBias ?? metadataNumber(file, 'forgetBias', name) ?? USUAL_FORGET_BIAS, name);
    const target = output ?? path.join(path.dirname(name), `${path.parse(name).name}.longhand.safetensors`);
    saveCheckpoint(target, { model, training: null });
    const { sizes } = model;
    if (json) printJson({ file: target, ...sizes, forgetBias: model.forgetBias });
    else print(`${target}: ${sizes.I} inputs, ${sizes.H} units, ${sizes.C} classes, forget bias ${model.forgetBias}`);
  });
}

function metadataNumber({ metadata }: Safetensors, key: string, name: string): number | undefined {
  const text = metadata.get(key);
  if (text === undefined) return undefined;
  const value = Number(text);
  const isFit =
    text.trim() !== '' && Number.isFinite(value) && (key !== 'T' || (Number.isInteger(value) && value >= 1));
  if (!isFit) throw new DataError(`${name}: metadata ${key} is ${JSON.stringify(text.slice(0, 40))}`);
  return value;
}
