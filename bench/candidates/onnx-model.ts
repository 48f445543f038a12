/**
 * The forward pass as an ONNX model: one LSTM operator and one Gemm, written with protobufjs.
 *
 * Only the fields that are used are described here, with the numbers that onnx.proto gives them.
 */
import type { Arrays, ModelTask } from '../tasks.js';
import { FORGET_BIAS } from '../tasks.js';

const SCHEMA = `
  syntax = "proto3";
  message Model { int64 ir_version = 1; Graph graph = 7; repeated OperatorSet opset_import = 8; }
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
  message Dimension { int64 dim_value = 1; }
`;

const FLOAT = 1;
const INT64 = 7;
const INT_ATTRIBUTE = 2;

/** The part of protobufjs that is used. */
export interface Protobuf {
  parse(
    schema: string,
    options: { keepCase: boolean },
  ): {
    root: {
      lookupType(name: string): {
        fromObject(object: object): object;
        encode(message: object): { finish(): Uint8Array };
      };
    };
  };
}

/** x `[T,B,I]` → logits `[B,C]`. */
export function onnxModel(protobuf: Protobuf, { T, B, I, H, C }: ModelTask, inputs: Arrays): Uint8Array {
  const kernel = (from: number, to: number): Float32Array => inputs.kernel.subarray(from * 4 * H, to * 4 * H);
  const bias = inputs.bias.map((value, n) => (Math.floor(n / H) === 2 ? value + FORGET_BIAS : value));
  const floats = (name: string, dims: readonly number[], values: Float32Array): object => ({
    ...{ name, dims, data_type: FLOAT },
    raw_data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  });
  const value = (name: string, ...dims: readonly number[]): object => {
    const shape = { dim: dims.map((extent) => ({ dim_value: extent })) };
    return { name, type: { tensor_type: { elem_type: FLOAT, shape } } };
  };
  const graph = {
    name: 'lstm',
    input: [value('x', T, B, I)],
    output: [value('logits', B, C)],
    initializer: [
      floats('W', [1, 4 * H, I], transposedGates(kernel(0, I), I, H)),
      floats('R', [1, 4 * H, H], transposedGates(kernel(I, I + H), H, H)),
      floats('B', [1, 8 * H], Float32Array.of(...transposedGates(bias, 1, H), ...new Float32Array(4 * H))),
      floats('outKernel', [H, C], inputs.outKernel),
      floats('outBias', [C], inputs.outBias),
      { name: 'axes', dims: [1], data_type: INT64, raw_data: new Uint8Array(8) },
    ],
    node: [
      {
        ...{ op_type: 'LSTM', input: ['x', 'W', 'R', 'B'], output: ['', 'lastH'] },
        attribute: [{ name: 'hidden_size', i: H, type: INT_ATTRIBUTE }],
      },
      { op_type: 'Squeeze', input: ['lastH', 'axes'], output: ['h'] },
      { op_type: 'Gemm', input: ['h', 'outKernel', 'outBias'], output: ['logits'] },
    ],
  };
  const type = protobuf.parse(SCHEMA, { keepCase: true }).root.lookupType('Model');
  return type.encode(type.fromObject({ ir_version: 8, opset_import: [{ version: 17 }], graph })).finish();
}

/** `[rows,4H]` in gate order i, j, f, o → `[4H,rows]` in ONNX's i, o, f, c (c is j). */
function transposedGates(matrix: Float32Array, rows: number, H: number): Float32Array {
  const transposed = new Float32Array(matrix.length);
  for (const [n, gate] of [0, 3, 2, 1].entries()) {
    for (let unit = 0; unit < H; unit++) {
      for (let row = 0; row < rows; row++) {
        transposed[(n * H + unit) * rows + row] = matrix[row * 4 * H + gate * H + unit];
      }
    }
  }
  return transposed;
}
