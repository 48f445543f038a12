/** Which network a file describes: its tensors' names give the layers and directions, and their shapes give the sizes. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { decimalFrom } from '../core/numbers.js';
import { type Shape, formatShape } from '../core/tensor.js';
import { type Safetensors, quote } from '../files/safetensors.js';
import { shapeNamed } from '../files/stored-tensors.js';
import { type BatchSizes, type CompleteConfig, type LayerSizes, completeConfig, READS } from '../network/config.js';
import { cellOf } from '../cells/cells.js';
import type { Problem } from './problem.js';
import { blocksOf, cellsIn, COMPARED_CELLS, COMPARED_LOSSES, OF_CELL, parameterShapesOf, statesOf } from './problem.js';

/** The sizes of a problem, and the names of its cells. */
export type NamedNetwork = Pick<Problem, 'cell' | 'network' | 'sizes' | 'suffixes'>;

/** The network of a file. Throws a DataError if names or numbers of axes are wrong; `assertParameterShapes` checks the rest. */
export function namedNetworkIn(file: Safetensors, name: string): NamedNetwork {
  const [T, B, inputs] = shapeNamed(file, 'x', ['T', 'B', 'I'], name);
  const cell = cellIn(file, name);
  const directions = layersIn(file, cell, name);
  const width = directions.at(-1) === 2 ? '2·H' : 'H';
  const [top, outputs] = shapeNamed(file, 'outKernel', [width, 'C'], name);
  const isNumbered = file.tensors.has('kernel.0');
  const settings = settingsIn(file, cell, name);
  const bias = biasIn(file, name);
  const layers = directions.map((count, n): LayerSizes => {
    const suffix = isNumbered ? `.${n}` : '';
    const projected = file.tensors.has(`projection${suffix}`);
    const hidden = isNumbered || projected ? hiddenOf(file, `kernel${suffix}`, cell, name) : top;
    const projection = projected ? projectionOf(file, `projection${suffix}`, hidden, name) : 0;
    return { hidden, bidirectional: count === 2, projection, bias, cell };
  });
  const sizes: BatchSizes = { T, B };
  const suffixes = isNumbered ? directions.flatMap((count, n) => [`.${n}`, `.${n}.reverse`].slice(0, count)) : [''];
  return { cell, network: completeConfig({ inputs, layers, outputs, ...settings }), sizes, suffixes };
}

/** The cell of all layers. Refuses tensors of another cell. */
function cellIn(file: Safetensors, name: string): Problem['cell'] {
  const cell = choiceIn(file, 'cell', Object.keys(COMPARED_CELLS) as Problem['cell'][], name);
  const known = [...kindsOf(cell), ...statesOf({ cell })];
  for (const key of file.tensors.keys()) {
    const kind = /^(?:d\.)?(c0?$|(?:recurrentBias|projection)(?=\.|$))/.exec(key)?.[1];
    if (kind === undefined || known.includes(kind.replace('0', ''))) continue;
    const other = kind === 'recurrentBias' ? 'gru' : 'lstm';
    refuse(file, key, `but ${COMPARED_CELLS[cell]} has none: leave it out, or set metadata cell to ${other}`, name);
  }
  return cell;
}

/** The parameters that a cell can have, by name. */
const kindsOf = (name: Problem['cell']): string[] => {
  const cell = cellOf(name);
  return Object.keys(cell.parameterShapes({ I: 1, H: 2, P: cell.canProject ? 1 : undefined }));
};

/** For each layer of the file its number of directions. */
function layersIn(file: Safetensors, cell: Problem['cell'], name: string): (1 | 2)[] {
  const names = [...file.tensors.keys()].filter((key) => OF_CELL.test(key));
  const numbered = names.filter((key) => key.includes('.'));
  if (numbered.length === 0) return [1];
  const plain = names.find((key) => !key.includes('.'));
  if (plain !== undefined)
    refuse(file, plain, `but the file also has ${quote(numbered[0])}: numbered layers begin with ${plain}.0`, name);
  const directions: (1 | 2)[] = [];
  const has = (key: string): boolean => file.tensors.has(key);
  while (has(`kernel.${directions.length}`)) directions.push(has(`kernel.${directions.length}.reverse`) ? 2 : 1);
  for (const key of numbered.sort(kernelsFirst)) assertPlace(file, key, cell, directions, name);
  return directions;
}

/** So that a missing kernel is reported before the bias that lacks it. */
const kernelsFirst = (a: string, b: string): number => Number(b.startsWith('kernel')) - Number(a.startsWith('kernel'));

/** Refuses a kernel or bias that belongs to none of the layers. */
function assertPlace(
  file: Safetensors,
  key: string,
  cell: Problem['cell'],
  directions: readonly number[],
  name: string,
): void {
  const match = /^(kernel|bias|recurrentBias|projection)\.(0|[1-9]\d*)(\.reverse)?$/.exec(key);
  if (!match) {
    const names = kindsOf(cell).map((kind) => `${kind}.N`);
    const list = `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
    refuse(file, key, `must be named ${list}, with .reverse at the end for the reverse direction`, name);
  }
  const [, what, digits] = match;
  const layer = Number(digits);
  if (layer > directions.length)
    refuse(file, key, `but layer ${directions.length} is missing: layers are numbered from 0 without a gap`, name);
  if (what === 'kernel' && layer === directions.length)
    refuse(file, key, `the reverse direction of layer ${layer}, but the file has no "kernel.${layer}"`, name);
  const forward = `${what}.${digits}`;
  if (what === 'projection' && !file.tensors.has(forward))
    refuse(file, key, `but the file has no ${quote(forward)}`, name);
  const kernel = key.replace(OF_CELL, 'kernel');
  if (!file.tensors.has(kernel)) refuse(file, key, `but the file has no ${quote(kernel)}`, name);
}

function refuse({ tensors }: Safetensors, key: string, why: string, name: string): never {
  throw new DataError(`${name}: tensor ${quote(key)} is ${quote(tensors.get(key)?.shape)}, ${why}`);
}

/** The columns of a kernel for messages: `4H`. */
const columnsOf = (cell: Problem['cell']): string => `${blocksOf(cell) === 1 ? '' : blocksOf(cell)}H`;

/** H of a kernel, of an LSTM `[I+H,4H]`. */
function hiddenOf(file: Safetensors, key: string, cell: Problem['cell'], name: string): number {
  const blocks = blocksOf(cell);
  const [, columns] = shapeNamed(file, key, ['I+H', columnsOf(cell)], name);
  if (columns % blocks === 0) return columns / blocks;
  return refuse(file, key, `must be [I+H,${columnsOf(cell)}]: ${columns} columns are not ${blocks} blocks`, name);
}

/** P of a projection `[H,P]`. */
function projectionOf(file: Safetensors, key: string, H: number, name: string): number {
  const [, P] = shapeNamed(file, key, [H, 'P'], name, ` = [H,P]: H is ${H} from its kernel`);
  if (P >= H) refuse(file, key, `must be [H,P] with P smaller than H, ${H}`, name);
  return P;
}

/** Whether the cells have biases. */
function biasIn({ metadata, tensors }: Safetensors, name: string): boolean {
  const text = metadata.get('bias') ?? 'true';
  if (text !== 'true' && text !== 'false')
    throw new DataError(`${name}: metadata bias is ${quote(text)}, must be true or false`);
  const bias = [...tensors.keys()].find((key) => /^(bias|recurrentBias)(\.|$)/.test(key));
  if (text === 'false' && bias !== undefined)
    throw new DataError(`${name}: metadata bias is false, but the file has ${quote(bias)}: leave one of them out`);
  return text === 'true';
}

/** A metadata text that is one of `values`; the first, if it is missing. */
function choiceIn<Value extends string>(
  { metadata }: Safetensors,
  key: string,
  values: readonly Value[],
  name: string,
): Value {
  const text = metadata.get(key) ?? values[0];
  const value = values.find((one) => one === text);
  if (value === undefined)
    throw new DataError(`${name}: metadata ${key} is ${quote(text)}, must be ${values.join(' or ')}`);
  return value;
}

/** Cells without a forget gate have the forget bias 0. */
function settingsIn(
  file: Safetensors,
  cell: Problem['cell'],
  name: string,
): Pick<CompleteConfig, 'forgetBias' | 'loss' | 'reads'> {
  const hasForgetGate = cellOf(cell).gates.includes('f');
  const given = file.metadata.get('forgetBias');
  if (given !== undefined && !hasForgetGate) {
    const why = `${COMPARED_CELLS[cell]} has no forget gate: leave it out`;
    throw new DataError(`${name}: metadata forgetBias is ${quote(given)}, but ${why}`);
  }
  const text = given ?? (hasForgetGate ? '1' : '0');
  const forgetBias = decimalFrom(text);
  if (Number.isNaN(forgetBias)) throw new DataError(`${name}: metadata forgetBias is ${quote(text)}, must be a number`);
  return {
    forgetBias,
    loss: choiceIn(file, 'loss', COMPARED_LOSSES, name),
    reads: choiceIn(file, 'reads', READS, name),
  };
}

/** Throws a DataError if a parameter is missing or has another shape than the network gives it. */
export function assertParameterShapes(file: Safetensors, named: NamedNetwork, name: string): void {
  const shapes = parameterShapesOf(named);
  const columns = columnsOf(named.cell);
  for (const { cell, suffix, layer, reverse, I, H, P, hasBias } of cellsIn(named)) {
    const kernel = `kernel${suffix}`;
    const inputs = layer === 0 ? 'x' : `layer ${layer - 1}`;
    const [rows, given] = P === undefined ? ['I+H', `H is ${H}`] : ['I+P', `P is ${P}, H is ${H}`];
    const why =
      suffix === ''
        ? ''
        : ` = [${rows},${columns}]: I is ${I} from ${inputs}, ${given}${reverse ? ` from kernel.${layer}` : ''}`;
    assertNotTransposed(file, kernel, shapes.get(kernel) ?? [], columns, name);
    shapeNamed(file, kernel, shapes.get(kernel) ?? [], name, why);
    for (const bias of hasBias ? cell.biases.map((one) => one + suffix) : []) {
      const shape = shapes.get(bias) ?? [];
      if (suffix !== '' && !file.tensors.has(bias))
        refuse(file, kernel, `but the file has no ${quote(bias)}, which must be ${formatShape(shape)}`, name);
      shapeNamed(file, bias, shape, name);
    }
    if (P !== undefined) shapeNamed(file, `projection${suffix}`, [H, P], name, ` = [H,P] as in projection.${layer}`);
  }
  const { hidden, bidirectional, projection } = named.network.layers[named.network.layers.length - 1];
  const units = projection > 0 ? counted(projection, 'number') : counted(hidden, 'unit');
  const why = ` = [directions·${projection > 0 ? 'P' : 'H'},C]: the top layer has ${bidirectional ? 2 : 1}·${units}`;
  shapeNamed(file, 'outKernel', shapes.get('outKernel') ?? [], name, why);
  shapeNamed(file, 'outBias', shapes.get('outBias') ?? [], name);
}

function assertNotTransposed(
  file: Safetensors,
  key: string,
  [rows, columns]: Shape,
  letters: string,
  name: string,
): void {
  const shape = file.tensors.get(key)?.shape ?? [];
  if (rows === columns || formatShape(shape) !== formatShape([columns, rows])) return;
  const expected = `[I+H,${letters}] = ${formatShape([rows, columns])}`;
  throw new DataError(`${name}: ${key} is ${formatShape(shape)}: transposed; it must be ${expected}`);
}
