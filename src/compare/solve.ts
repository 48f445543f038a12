/** This project's results for a problem. */
import type { Backend } from '../backend.js';
import { Model } from '../model.js';
import type { Tensor } from '../tensor.js';
import { copyInto, fill, rowsOf, stepOf, valuesOf } from '../tensor.js';
import type { Problem, ResultName, Results } from './problem.js';

/** One forward and one backward pass. `onStep` is called after each step of the LSTM, with the share that is done. */
export async function solve(
  backend: Backend,
  problem: Problem,
  onStep: (share: number) => void = () => {},
): Promise<Results> {
  const { sizes, forgetBias, labels } = problem;
  const model = new Model(withSteps(backend, sizes.T, onStep), sizes, { forgetBias, inputGradient: true });
  const { x, y, h, c, logits, dh, dc } = model.activations;
  try {
    model.load(problem);
    copyInto(x, problem.x);
    if (problem.h0) copyInto(stepOf(h, 0), problem.h0);
    if (problem.c0) copyInto(stepOf(c, 0), problem.c0);
    fill(y, 0);
    labels.forEach((label, b) => y.set(b, label, 1));
    for (const tensor of [x, y, h, c]) backend.upload(tensor);

    model.forward();
    const { loss } = await model.metrics();
    model.backward();
    const gradients = model.parameters.map(({ gradient }) => gradient);
    for (const tensor of [h, c, logits, ...gradients, model.dx, dh, dc]) {
      await backend.download(tensor);
    }
    const afterFirst = (states: Tensor): Tensor => rowsOf(states, 1, sizes.T + 1);
    return new Map<ResultName, Float64Array>([
      ['loss', Float64Array.of(loss)],
      ['logits', valuesOf(logits)],
      ['h', valuesOf(afterFirst(h))],
      ['c', valuesOf(afterFirst(c))],
      ...model.parameters.map(({ name, gradient }) => [`d.${name}`, valuesOf(gradient)] as const),
      ['d.x', valuesOf(model.dx)],
      ['d.h0', valuesOf(stepOf(dh, 0))],
      ['d.c0', valuesOf(stepOf(dc, 0))],
    ]);
  } finally {
    model.dispose();
  }
}

/** Reports each step to `onStep`. A backward step counts as two forward steps, because it takes about twice as long. */
function withSteps(backend: Backend, T: number, onStep: (share: number) => void): Backend {
  let done = 0;
  return Object.assign(Object.create(backend) as Backend, {
    lstmCellForward(...tensors) {
      backend.lstmCellForward(...tensors);
      onStep((done += 1) / (3 * T));
    },
    lstmCellBackward(...tensors) {
      backend.lstmCellBackward(...tensors);
      onStep((done += 2) / (3 * T));
    },
  } satisfies Partial<Backend>);
}
