/** Which network a file describes: its tensors' names give the layers and directions, and their shapes give the sizes. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom } from '../core/numbers.js';
import { type Shape, formatShape } from '../core/tensor.js';
import { type Safetensors, quote } from '../files/safetensors.js';
import { shapeNamed } from '../files/stored-tensors.js';
import { type BatchSizes, type CompleteConfig, type LayerSizes, completeConfig, READS } from '../network/config.js';
import { COMPARED_LOSSES } from './problem.js';
import type { Problem } from './problem.js';
import { lstmsIn, parameterShapesOf } from './problem.js';

/** The sizes of a problem, and the names of its LSTMs. */
export type NamedNetwork = Pick<Problem, 'network' | 'sizes' | 'suffixes'>;

/** The network of a file. Throws a DataError if names or numbers of axes are wrong; `assertParameterShapes` checks the rest. */
export function namedNetworkIn(file: Safetensors, name: string): NamedNetwork {
  const [T, B, inputs] = shapeNamed(file, 'x', ['T', 'B', 'I'], name);
  const directions = layersIn(file, name);
  const width = directions.at(-1) === 2 ? '2·H' : 'H';
  const [top, outputs] = shapeNamed(file, 'outKernel', [width, 'C'], name);
  const isNumbered = file.tensors.has('kernel.0');
  const settings = settingsIn(file, name);
  const bias = biasIn(file, name);
  const layers = directions.map((count, n): LayerSizes => {
    const suffix = isNumbered ? `.${n}` : '';
    const projected = file.tensors.has(`projection${suffix}`);
    const hidden = isNumbered || projected ? hiddenOf(file, `kernel${suffix}`, name) : top;
    const projection = projected ? projectionOf(file, `projection${suffix}`, hidden, name) : 0;
    return { hidden, bidirectional: count === 2, projection, bias };
  });
  const sizes: BatchSizes = { T, B };
  const suffixes = isNumbered ? directions.flatMap((count, n) => [`.${n}`, `.${n}.reverse`].slice(0, count)) : [''];
  return { network: completeConfig({ inputs, layers, outputs, ...settings }), sizes, suffixes };
}

/** For each layer of the file its number of directions. */
function layersIn(file: Safetensors, name: string): (1 | 2)[] {
  const names = [...file.tensors.keys()].filter((key) => /^(kernel|bias|projection)(\.|$)/.test(key));
  const numbered = names.filter((key) => key.includes('.'));
  if (numbered.length === 0) return [1];
  const plain = names.find((key) => !key.includes('.'));
  if (plain !== undefined)
    refuse(file, plain, `but the file also has ${quote(numbered[0])}: numbered layers begin with ${plain}.0`, name);
  const directions: (1 | 2)[] = [];
  const has = (key: string): boolean => file.tensors.has(key);
  while (has(`kernel.${directions.length}`)) directions.push(has(`kernel.${directions.length}.reverse`) ? 2 : 1);
  for (const key of numbered.sort(kernelsFirst)) assertPlace(file, key, directions, name);
  return directions;
}

/** So that a missing kernel is reported before the bias that lacks it. */
const kernelsFirst = (a: string, b: string): number => Number(b.startsWith('kernel')) - Number(a.startsWith('kernel'));

/** Refuses a kernel or bias that belongs to none of the layers. */
function assertPlace(file: Safetensors, key: string, directions: readonly number[], name: string): void {
  const match = /^(kernel|bias|projection)\.(0|[1-9]\d*)(\.reverse)?$/.exec(key);
  if (!match)
    refuse(
      file,
      key,
      'must be named kernel.N, bias.N or projection.N, with .reverse at the end for the reverse direction',
      name,
    );
  const [, what, digits] = match;
  const layer = Number(digits);
  if (layer > directions.length)
    refuse(file, key, `but layer ${directions.length} is missing: layers are numbered from 0 without a gap`, name);
  if (what === 'kernel' && layer === directions.length)
    refuse(file, key, `the reverse direction of layer ${layer}, but the file has no "kernel.${layer}"`, name);
  const forward = `${what}.${digits}`;
  if (what === 'projection' && !file.tensors.has(forward))
    refuse(file, key, `but the file has no ${quote(forward)}`, name);
  const kernel = key.replace(/^[a-z]+/, 'kernel');
  if (!file.tensors.has(kernel)) refuse(file, key, `but the file has no ${quote(kernel)}`, name);
}

function refuse({ tensors }: Safetensors, key: string, why: string, name: string): never {
  throw new DataError(`${name}: tensor ${quote(key)} is ${quote(tensors.get(key)?.shape)}, ${why}`);
}

/** H of a kernel `[I+H,4H]`. */
function hiddenOf(file: Safetensors, key: string, name: string): number {
  const [, columns] = shapeNamed(file, key, ['I+H', '4H'], name);
  if (columns % 4 !== 0) refuse(file, key, `must be [I+H,4H]: ${columns} columns are not 4 blocks`, name);
  return columns / 4;
}

/** P of a projection `[H,P]`. */
function projectionOf(file: Safetensors, key: string, H: number, name: string): number {
  const [, P] = shapeNamed(file, key, [H, 'P'], name, ` = [H,P]: H is ${H} from its kernel`);
  if (P >= H) refuse(file, key, `must be [H,P] with P smaller than H, ${H}`, name);
  return P;
}

/** Whether the LSTMs have biases. */
function biasIn({ metadata, tensors }: Safetensors, name: string): boolean {
  const text = metadata.get('bias') ?? 'true';
  if (text !== 'true' && text !== 'false')
    throw new DataError(`${name}: metadata bias is ${quote(text)}, must be true or false`);
  const bias = [...tensors.keys()].find((key) => /^bias(\.|$)/.test(key));
  if (text === 'false' && bias !== undefined)
    throw new DataError(`${name}: metadata bias is false, but the file has ${quote(bias)}: leave one of them out`);
  return text === 'true';
}

function settingsIn({ metadata }: Safetensors, name: string): Pick<CompleteConfig, 'forgetBias' | 'loss' | 'reads'> {
  const choice = <Value extends string>(key: string, values: readonly Value[]): Value => {
    const text = metadata.get(key) ?? values[0];
    const value = values.find((one) => one === text);
    if (value === undefined)
      throw new DataError(`${name}: metadata ${key} is ${quote(text)}, must be ${values.join(' or ')}`);
    return value;
  };
  const text = metadata.get('forgetBias') ?? '1';
  const forgetBias = decimalFrom(text);
  if (Number.isNaN(forgetBias)) throw new DataError(`${name}: metadata forgetBias is ${quote(text)}, must be a number`);
  return { forgetBias, loss: choice('loss', COMPARED_LOSSES), reads: choice('reads', READS) };
}

/** Throws a DataError if a parameter is missing or has another shape than the network gives it. */
export function assertParameterShapes(file: Safetensors, named: NamedNetwork, name: string): void {
  const shapes = parameterShapesOf(named);
  for (const { suffix, layer, reverse, I, H, P, hasBias } of lstmsIn(named)) {
    const kernel = `kernel${suffix}`;
    const inputs = layer === 0 ? 'x' : `layer ${layer - 1}`;
    const [rows, given] = P === undefined ? ['I+H', `H is ${H}`] : ['I+P', `P is ${P}, H is ${H}`];
    const why =
      suffix === ''
        ? ''
        : ` = [${rows},4H]: I is ${I} from ${inputs}, ${given}${reverse ? ` from kernel.${layer}` : ''}`;
    assertNotTransposed(file, kernel, shapes.get(kernel) ?? [], name);
    shapeNamed(file, kernel, shapes.get(kernel) ?? [], name, why);
    if (hasBias && suffix !== '' && !file.tensors.has(`bias${suffix}`))
      refuse(file, kernel, `but the file has no "bias${suffix}", which must be [${4 * H}]`, name);
    if (hasBias) shapeNamed(file, `bias${suffix}`, [4 * H], name);
    if (P !== undefined) shapeNamed(file, `projection${suffix}`, [H, P], name, ` = [H,P] as in projection.${layer}`);
  }
  const { hidden, bidirectional, projection } = named.network.layers[named.network.layers.length - 1];
  const units = projection > 0 ? counted(projection, 'number') : counted(hidden, 'unit');
  const why = ` = [directions·${projection > 0 ? 'P' : 'H'},C]: the top layer has ${bidirectional ? 2 : 1}·${units}`;
  shapeNamed(file, 'outKernel', shapes.get('outKernel') ?? [], name, why);
  shapeNamed(file, 'outBias', shapes.get('outBias') ?? [], name);
}

function assertNotTransposed(file: Safetensors, key: string, [rows, columns]: Shape, name: string): void {
  const shape = file.tensors.get(key)?.shape ?? [];
  if (rows === columns || formatShape(shape) !== formatShape([columns, rows])) return;
  const expected = `[I+H,4H] = ${formatShape([rows, columns])}`;
  throw new DataError(`${name}: ${key} is ${formatShape(shape)}: transposed; it must be ${expected}`);
}
