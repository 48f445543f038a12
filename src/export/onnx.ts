/**
 * The forward pass as an ONNX model, written with protobufjs: one LSTM operator (gate order i, o, f, c; the forget bias is
 * added to the bias), one Gemm and a Softmax. It maps x `[T,B,I]`, with any B, to logits and probabilities `[B,C]`.
 *
 * SCHEMA has only the fields that are used here, with their numbers from onnx.proto.
 */
import protobuf from 'protobufjs';
import { GATE_ORDER, reorderGates } from '../gate-order.js';
import type { SavedModel } from '../training/checkpoint.js';
import { transpose } from './layouts.js';
import { foldedBias, weightsOf } from './weights.js';

const SCHEMA = `
  syntax = "proto3";
  message Model {
    int64 ir_version = 1; string producer_name = 2; Graph graph = 7; repeated OperatorSet opset_import = 8;
  }
  message OperatorSet { int64 version = 2; }
  message Graph {
    repeated Node node = 1; string name = 2; repeated Tensor initializer = 5;
    repeated Value input = 11; repeated Value output = 12;
  }
  message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
  message Attribute { string name = 1; int64 i = 3; int32 type = 20; }
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

export function toOnnx(model: SavedModel): Uint8Array {
  const weights = weightsOf(model);
  const { T, I, H, C, Wx, Wh, outKernel, outBias } = weights;
  const gatesFirst = (values: Float32Array, rows: number) =>
    transpose(reorderGates(values, H, GATE_ORDER, 'iofj'), rows, 4 * H);
  const biases = new Float32Array(8 * H); // the operator adds the second 4H to the first; they stay 0
  biases.set(gatesFirst(foldedBias(weights), 1));

  const graph = {
    name: 'lstm',
    input: [value('x', T, 'B', I)],
    output: [value('logits', 'B', C), value('probabilities', 'B', C)],
    initializer: [
      floats('W', [1, 4 * H, I], gatesFirst(Wx, I)),
      floats('R', [1, 4 * H, H], gatesFirst(Wh, H)),
      floats('B', [1, 8 * H], biases),
      floats('outKernel', [H, C], outKernel),
      floats('outBias', [C], outBias),
      { name: 'axes', dims: [1], data_type: INT64, raw_data: new Uint8Array(8) },
    ],
    node: [
      {
        op_type: 'LSTM',
        input: ['x', 'W', 'R', 'B'],
        output: ['', 'lastH'],
        attribute: [{ name: 'hidden_size', i: H, type: INT_ATTRIBUTE }],
      },
      { op_type: 'Squeeze', input: ['lastH', 'axes'], output: ['h'] },
      { op_type: 'Gemm', input: ['h', 'outKernel', 'outBias'], output: ['logits'] },
      { op_type: 'Softmax', input: ['logits'], output: ['probabilities'] },
    ],
  };
  const type = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Model');
  const file = { ir_version: 8, producer_name: 'longhand', opset_import: [{ version: 17 }], graph };
  return type.encode(type.fromObject(file)).finish();
}

function floats(name: string, dims: readonly number[], values: Float32Array): object {
  const raw_data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { name, dims, data_type: FLOAT, raw_data };
}

/** An extent that is a text may have any size; the text is its name. */
function value(name: string, ...extents: readonly (number | string)[]): object {
  const dim = extents.map((extent) => (typeof extent === 'number' ? { dim_value: extent } : { dim_param: extent }));
  return { name, type: { tensor_type: { elem_type: FLOAT, shape: { dim } } } };
}
