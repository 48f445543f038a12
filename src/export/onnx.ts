/**
 * The forward pass as an ONNX model, written with protobufjs: an LSTM, GRU or RNN operator for each layer (gate order i, o, f, c, or
 * z, r, h; the forget bias is added to the bias), and a dense layer. With cross-entropy a Softmax follows. The LSTM operator has no
 * projection: such a layer is a Scan for each direction, whose body has the equations of one step.
 *
 * It maps x `[T,B,I]`, or class indices `[T,B]`, to logits and probabilities `[B,C]`, or `[T,B,C]` at every step. B is free.
 * T is free too, except for the tutorial's network, whose file stays as it was in Longhand 0.1.0.
 *
 * SCHEMA has only the fields that are used here, with their numbers from onnx.proto.
 */
import protobuf from 'protobufjs';
import { GATE_ORDER, reorderGates } from '../equations/lstm-tensors.js';
import type { JsonObject } from '../files/json.js';
import { isPlain } from '../network/config.js';
import type { SavedModel } from '../training/checkpoint.js';
import { type CellWeights, assertHasCells, columnsOf, foldedBias, joined, transpose, weightsOf } from './weights.js';

const SCHEMA = `
  syntax = "proto3";
  message Model {
    int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated OperatorSet opset_import = 8;
    repeated Entry metadata_props = 14;
  }
  message Entry { string key = 1; string value = 2; }
  message OperatorSet { int64 version = 2; }
  message Graph {
    repeated Node node = 1; string name = 2; repeated Tensor initializer = 5;
    repeated Value input = 11; repeated Value output = 12;
  }
  message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
  message Attribute { string name = 1; int64 i = 3; bytes s = 4; Graph g = 6; repeated int64 ints = 8; int32 type = 20; }
  message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message Value { string name = 1; Type type = 2; }
  message Type { TensorType tensor_type = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
`;

const FLOAT = 1;
const INT64 = 7;
const INT_ATTRIBUTE = 2;
const TEXT_ATTRIBUTE = 3;
const GRAPH_ATTRIBUTE = 5;
const INTS_ATTRIBUTE = 7;

/** The operator of each cell that ONNX has, with its order of the gates. */
const OPERATORS: Readonly<Record<string, { op_type: string; order: string }>> = {
  lstm: { op_type: 'LSTM', order: 'iofj' },
  'lstm-peephole': { op_type: 'LSTM', order: 'iofj' },
  gru: { op_type: 'GRU', order: 'zrn' },
  rnn: { op_type: 'RNN', order: '' },
};

/** Throws a DataError for a cell that ONNX does not have. */
export function toOnnx(model: SavedModel, metadata?: JsonObject): Uint8Array {
  const { network } = model;
  assertHasCells('onnx', network, ['lstm', 'lstm-peephole', 'gru', 'rnn']);
  const { layers, outKernel, outBias } = weightsOf(model);
  const isAtEvery = network.reads === 'every';
  const graph = new Graph();

  let inputs = network.inputKind === 'classes' ? graph.oneHot('x', network.inputs) : 'x';
  layers.forEach((layer, n) => {
    const suffix = isPlain(network) ? '' : `.${n}`;
    const isTop = n === layers.length - 1;
    const reads = isTop && !isAtEvery ? 'last' : 'every';
    const isProjected = layer[0].P !== undefined;
    inputs = isProjected
      ? graph.projected(inputs, layer, suffix, reads)
      : graph.recurrent(inputs, layer, suffix, reads);
    if (!isTop && !isProjected) inputs = graph.statesOfEveryStep(inputs, `h${suffix}`);
  });
  const top = layers[layers.length - 1];
  const isJoined = top[0].P !== undefined;
  graph.floats('outKernel', [outKernel.length / network.outputs, network.outputs], outKernel);
  graph.floats('outBias', [network.outputs], outBias);
  if (isAtEvery) {
    graph.add('MatMul', [isJoined ? inputs : graph.statesOfEveryStep(inputs, 'h'), 'outKernel'], 'products');
    graph.add('Add', ['products', 'outBias'], 'logits');
  } else {
    graph.add('Gemm', [isJoined ? inputs : graph.lastStates(inputs, top.length), 'outKernel', 'outBias'], 'logits');
  }
  if (network.loss === 'crossEntropy') graph.add('Softmax', ['logits'], 'probabilities');

  const T = isPlain(network) ? model.T : 'T';
  const rows = isAtEvery ? [T, 'B'] : ['B'];
  const results = network.loss === 'crossEntropy' ? ['logits', 'probabilities'] : ['logits'];
  const classNames = network.classNames.length > 0 ? network.classNames : undefined;
  const texts = Object.entries({ vocabulary: model.vocabulary, classNames, metadata }).filter(
    ([, one]) => one !== undefined,
  );
  const properties = texts.map(([key, one]) => ({ key, value: JSON.stringify(one) }));
  const described = {
    name: top[0].cell.name,
    input: [network.inputKind === 'classes' ? value('x', INT64, T, 'B') : value('x', FLOAT, T, 'B', network.inputs)],
    output: results.map((name) => value(name, FLOAT, ...rows, network.outputs)),
    initializer: graph.constants,
    node: graph.nodes,
  };
  return encoded(described, properties);
}

function encoded(graph: object, metadata_props: readonly object[]): Uint8Array {
  const type = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Model');
  const file = { ir_version: 8, producer_name: 'longhand', opset_import: [{ version: 17 }], graph, metadata_props };
  return type.encode(type.fromObject(file)).finish();
}

/** The graph's operators in their order, and the constants that they read. Each method returns the name of its result. */
class Graph {
  readonly nodes: object[] = [];
  readonly constants: object[] = [];

  add(op_type: string, input: readonly string[], output: string, attribute?: readonly object[]): string {
    this.nodes.push({ op_type, input, output: [output], ...(attribute && { attribute }) });
    return output;
  }

  floats(name: string, dims: readonly number[], values: Float32Array): string {
    const raw_data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.constants.push({ name, dims, data_type: FLOAT, raw_data });
    return name;
  }

  wholes(name: string, dims: readonly number[], values: readonly number[]): string {
    const raw_data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.constants.push({ name, dims, data_type: INT64, raw_data });
    return name;
  }

  /** `[T,B]` → `[T,B,I]` */
  oneHot(indices: string, I: number): string {
    const inputs = [indices, this.wholes('classes', [], [I]), this.floats('offOn', [2], Float32Array.of(0, 1))];
    return this.add('OneHot', inputs, 'oneHot');
  }

  /** `[T,B,I]` → the states of every step `[T,directions,B,H]`, or those after the last one `[directions,B,H]`. */
  recurrent(input: string, layer: readonly CellWeights[], suffix: string, reads: 'last' | 'every'): string {
    const [{ cell, I, H }] = layer;
    const { op_type, order } = OPERATORS[cell.name];
    const [D, columns] = [layer.length, columnsOf(layer[0])];
    const gatesFirst = (values: Float32Array, rows: number) =>
      transpose(reorderGates(values, H, cell.gates.join(''), order), rows, columns);
    const biasesOf = (place: CellWeights): Float32Array[] => {
      const { recurrentBias = new Float32Array(columns) } = place.values; // the operator adds it; here it stays 0
      return [gatesFirst(foldedBias(place), 1), gatesFirst(recurrentBias, 1)];
    };
    const inputs = [
      input,
      this.floats(`W${suffix}`, [D, columns, I], joined(layer.map(({ Wx }) => gatesFirst(Wx, I)))),
      this.floats(`R${suffix}`, [D, columns, H], joined(layer.map(({ Wh }) => gatesFirst(Wh, H)))),
      this.floats(`B${suffix}`, [D, 2 * columns], joined(layer.flatMap(biasesOf))),
    ];
    if (cell.name === 'lstm-peephole') {
      const peepholes = layer.map(({ values }) => reorderGates(values.peepholes, H, 'ifo', 'iof'));
      inputs.push('', '', '', this.floats(`P${suffix}`, [D, 3 * H], joined(peepholes))); // no lengths, h0 and c0
    }
    const name = reads === 'last' ? 'lastH' : `Y${suffix}`;
    const attribute = [
      { name: 'hidden_size', i: H, type: INT_ATTRIBUTE },
      ...(D === 2 ? [{ name: 'direction', s: new TextEncoder().encode('bidirectional'), type: TEXT_ATTRIBUTE }] : []),
      ...(op_type === 'GRU' ? [{ name: 'linear_before_reset', i: 1, type: INT_ATTRIBUTE }] : []),
    ];
    this.nodes.push({ op_type, input: inputs, output: reads === 'last' ? ['', name] : [name], attribute });
    return name;
  }

  /** `[T,B,I]` → h of every step `[T,B,directions·P]`, or those after the last one `[B,directions·P]`. */
  projected(input: string, layer: readonly CellWeights[], suffix: string, reads: 'last' | 'every'): string {
    const states = layer.map((lstm) => this.scan(input, lstm, `${suffix}${lstm.reverse ? '.reverse' : ''}`, reads));
    if (states.length === 1) return states[0];
    const axis = { name: 'axis', i: reads === 'last' ? 1 : 2, type: INT_ATTRIBUTE };
    return this.add('Concat', states, `${reads === 'last' ? 'lastH' : 'Y'}${suffix}`, [axis]);
  }

  /** One direction as a loop over the steps. Its body reads the weights from this graph. */
  private scan(input: string, lstm: CellWeights, suffix: string, reads: 'last' | 'every'): string {
    const { I, H, P = H, Wx, Wh, values, reverse } = lstm;
    this.floats(`Wx${suffix}`, [I, 4 * H], Wx);
    this.floats(`Wh${suffix}`, [P, 4 * H], Wh);
    this.floats(`b${suffix}`, [4 * H], foldedBias(lstm));
    this.floats(`Wr${suffix}`, [H, P], values.projection);
    const [h0, c0] = [this.zeroState(input, `h0${suffix}`, P), this.zeroState(input, `c0${suffix}`, H)];
    const directions = (name: string): object[] => (reverse ? [{ name, ints: [1], type: INTS_ATTRIBUTE }] : []);
    const [lastH, everyH] = [`lastH.of${suffix}`, `h.of${suffix}`];
    this.nodes.push({
      op_type: 'Scan',
      input: [h0, c0, input],
      output: [lastH, `lastC.of${suffix}`, everyH],
      attribute: [
        { name: 'body', g: stepOf(suffix, I, H, P), type: GRAPH_ATTRIBUTE },
        { name: 'num_scan_inputs', i: 1, type: INT_ATTRIBUTE },
        ...directions('scan_input_directions'),
        ...directions('scan_output_directions'),
      ],
    });
    return reads === 'last' ? lastH : everyH;
  }

  /** Zeros `[B,N]` for an input `[T,B,I]`. */
  private zeroState(input: string, name: string, N: number): string {
    const shape = this.add('Shape', [input], `${name}.input`);
    const B = this.add('Gather', [shape, this.wholes(`${name}.axis`, [1], [1])], `${name}.B`);
    const axis = { name: 'axis', i: 0, type: INT_ATTRIBUTE };
    const extents = this.add('Concat', [B, this.wholes(`${name}.N`, [1], [N])], `${name}.shape`, [axis]);
    return this.add('ConstantOfShape', [extents], name);
  }

  /** `[T,directions,B,H]` → `[T,B,directions·H]` */
  statesOfEveryStep(states: string, name: string): string {
    const transposed = this.add('Transpose', [states], `${name}.byStep`, [permutation(0, 2, 1, 3)]);
    return this.add('Reshape', [transposed, this.wholes(`${name}.shape`, [3], [0, 0, -1])], name);
  }

  /** `[directions,B,H]` → `[B,directions·H]` */
  lastStates(states: string, directions: number): string {
    if (directions === 1) return this.add('Squeeze', [states, this.wholes('axes', [1], [0])], 'h');
    const transposed = this.add('Transpose', [states], 'h.bySequence', [permutation(1, 0, 2)]);
    return this.add('Reshape', [transposed, this.wholes('h.shape', [2], [0, -1])], 'h');
  }
}

/** The body of a Scan: equations (1) to (4) and (16) of one step. Names end with `suffix`, so that they differ from those outside. */
function stepOf(suffix: string, I: number, H: number, P: number): object {
  const body = new Graph();
  const named = (name: string): string => `${name}.step${suffix}`;
  const add = (op: string, inputs: readonly string[], name: string): string => body.add(op, inputs, named(name));
  const [hPrev, cPrev, x] = ['hPrev', 'cPrev', 'x'].map(named);
  const products = [add('MatMul', [x, `Wx${suffix}`], 'xWx'), add('MatMul', [hPrev, `Wh${suffix}`], 'hWh')];
  const z = add('Add', [add('Add', products, 'products'), `b${suffix}`], 'z');
  const parts = GATE_ORDER.split('').map((gate) => named(`z${gate}`));
  body.nodes.push({
    ...{ op_type: 'Split', input: [z], output: parts },
    attribute: [{ name: 'axis', i: 1, type: INT_ATTRIBUTE }],
  });
  const [i, j, f, o] = parts.map((part, n) => add(GATE_ORDER[n] === 'j' ? 'Tanh' : 'Sigmoid', [part], GATE_ORDER[n]));
  const c = add('Add', [add('Mul', [f, cPrev], 'fc'), add('Mul', [i, j], 'ij')], 'c');
  const m = add('Mul', [o, add('Tanh', [c], 'tanhC')], 'm');
  const h = add('MatMul', [m, `Wr${suffix}`], 'h');
  const result = add('Identity', [h], 'result');
  return {
    name: named('step'),
    input: [value(hPrev, FLOAT, 'B', P), value(cPrev, FLOAT, 'B', H), value(x, FLOAT, 'B', I)],
    output: [value(h, FLOAT, 'B', P), value(c, FLOAT, 'B', H), value(result, FLOAT, 'B', P)],
    node: body.nodes,
  };
}

const permutation = (...ints: number[]): object => ({ name: 'perm', ints, type: INTS_ATTRIBUTE });

/** An extent that is a text may have any size; the text is its name. */
function value(name: string, elem_type: number, ...extents: readonly (number | string)[]): object {
  const dim = extents.map((extent) => (typeof extent === 'number' ? { dim_value: extent } : { dim_param: extent }));
  return { name, type: { tensor_type: { elem_type, shape: { dim } } } };
}
