/** TensorFlow.js: its matMul, its basicLSTMCell, its automatic differentiation and its Adam. */
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Candidate, Prepared, StartOptions } from '../candidate.js';
import { LeftOutError } from '../candidate.js';
import { loadRival, rivalFile, rivalVersion } from '../rivals.js';
import type { Arrays, CellTask, MatmulTask, ModelTask, Task } from '../tasks.js';
import { FORGET_BIAS, inputShapes, LEARNING_RATE } from '../tasks.js';

type Tf = typeof TensorFlow;
type Tensor = TensorFlow.Tensor;
type Matrix = TensorFlow.Tensor2D;
type Named = Record<string, Tensor>;

export async function start({ mode }: StartOptions): Promise<Candidate> {
  const tf = (await loadRival('@tensorflow/tfjs')) as Tf;
  tf.enableProdMode();
  if (mode === 'wasm') {
    const { setWasmPaths } = (await loadRival('@tensorflow/tfjs-backend-wasm')) as {
      setWasmPaths: (folder: string) => void;
    };
    setWasmPaths(rivalFile('@tensorflow', 'tfjs-backend-wasm', 'dist', '/'));
  }
  if (!(await tf.setBackend(mode))) throw new LeftOutError(`its ${mode} backend does not start here`);
  await tf.ready();
  return {
    version: rivalVersion('@tensorflow/tfjs'),
    description: `TensorFlow.js, ${mode} backend`,
    prepare: async (task, inputs) => {
      const given = Object.fromEntries(
        Object.entries(inputShapes(task)).map(([name, shape]) => [name, tf.tensor(inputs[name], [...shape])]),
      );
      return prepare(tf, task, given);
    },
  };
}

function prepare(tf: Tf, task: Task, given: Named): Prepared {
  switch (task.kind) {
    case 'matmul':
      return computation(tf, given, () => ({ out: multiply(tf, task, given) }));
    case 'cellForward':
      return computation(tf, given, () => cellForward(tf, task, given));
    case 'cellBackward':
      return computation(tf, given, () => cellBackward(tf, task, given));
    case 'forward':
      return computation(tf, given, () => ({ logits: logitsOf(tf, task, given, given) }));
    case 'step':
      return training(tf, task, given);
  }
}

function multiply(tf: Tf, { form }: MatmulTask, { a, b }: Named): Tensor {
  return tf.matMul(a, b, form === 'Aᵀ·B', form === 'A·Bᵀ');
}

/** The pointwise part of tf.basicLSTMCell, in its own operations. */
function cellForward(tf: Tf, { B, H }: CellTask, { z, cPrev }: Named): Named {
  const [i, j, f, o] = [0, 1, 2, 3].map((gate) => tf.slice(z, [0, gate * H], [B, H]));
  const c = tf.add(tf.mul(cPrev, tf.sigmoid(tf.add(f, FORGET_BIAS))), tf.mul(tf.sigmoid(i), tf.tanh(j)));
  return { c, h: tf.mul(tf.tanh(c), tf.sigmoid(o)) };
}

function cellBackward(tf: Tf, { B, H }: CellTask, { dh, dc, gates, c, cPrev }: Named): Named {
  const { mul, sub } = tf;
  const [i, j, f, o] = [0, 1, 2, 3].map((gate) => tf.slice(gates, [0, gate * H], [B, H]));
  const throughSigmoid = (gradient: Tensor, gate: Tensor): Tensor => mul(gradient, mul(gate, sub(1, gate)));
  const tanhC = tf.tanh(c);
  const dO = mul(dh, tanhC);
  const dC = tf.add(dc, mul(mul(dh, o), sub(1, mul(tanhC, tanhC))));
  const dz = tf.concat(
    [
      throughSigmoid(mul(dC, j), i),
      mul(mul(dC, i), sub(1, mul(j, j))),
      throughSigmoid(mul(dC, cPrev), f),
      throughSigmoid(dO, o),
    ],
    1,
  );
  return { dz, dcPrev: mul(dC, f) };
}

function logitsOf(tf: Tf, { T, B, I, H }: ModelTask, { x }: Named, parameters: Named): Tensor {
  const { kernel, bias, outKernel, outBias } = parameters as { kernel: Matrix; bias: TensorFlow.Tensor1D } & Named;
  const forgetBias = tf.scalar(FORGET_BIAS);
  let [c, h] = [tf.zeros<TensorFlow.Rank.R2>([B, H]), tf.zeros<TensorFlow.Rank.R2>([B, H])];
  for (let t = 0; t < T; t++) {
    const xStep = tf.reshape<TensorFlow.Rank.R2>(tf.slice(x, t, 1), [B, I]);
    [c, h] = tf.basicLSTMCell(forgetBias, kernel, bias, xStep, c, h);
  }
  return tf.add(tf.matMul(h, outKernel), outBias);
}

function training(tf: Tf, task: ModelTask, given: Named): Prepared {
  const { kernel, bias, outKernel, outBias } = given;
  const variables = Object.fromEntries(
    Object.entries({ kernel, bias, outKernel, outBias }).map(([name, value]) => [name, tf.variable(value)]),
  );
  const optimizer = tf.train.adam(LEARNING_RATE, 0.9, 0.999, 1e-8);
  const lossOf = (): TensorFlow.Scalar =>
    tf.losses.softmaxCrossEntropy<Tensor, TensorFlow.Scalar>(given.y, logitsOf(tf, task, given, variables));

  return {
    async result() {
      const { value, grads } = tf.variableGrads(lossOf);
      const gradient = (name: string): Float32Array => grads[variables[name].name].dataSync() as Float32Array;
      const gradients = {
        loss: value.dataSync() as Float32Array,
        dKernel: gradient('kernel'),
        dBias: gradient('bias'),
        dOutKernel: gradient('outKernel'),
        dOutBias: gradient('outBias'),
      };
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      return { ...gradients, ...read(variables) };
    },
    run() {
      optimizer.minimize(lossOf);
    },
    dispose() {
      tf.dispose([...Object.values(variables), ...Object.values(given)]);
      optimizer.dispose();
    },
  };
}

/** cpu and wasm have computed when a call returns, so nothing is read back in `run`. */
function computation(tf: Tf, given: Named, compute: () => Named): Prepared {
  const run = (): void => tf.dispose(tf.tidy(compute));
  const result = async (): Promise<Arrays> => {
    const outputs = tf.tidy(compute);
    const arrays = read(outputs);
    tf.dispose(outputs);
    return arrays;
  };
  return { run, result, dispose: () => tf.dispose(given) };
}

function read(tensors: Named): Arrays {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, Float32Array.from(tensor.dataSync())]),
  );
}
