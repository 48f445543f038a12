/**
 * Two more ways to run the cases of operation-cases.ts, on the reference in f64. Each output is that of its formula. What a backward
 * operation computes is the numeric gradient of the forward operation's formula. The formulas are those of formula-backend.ts.
 */
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { fillRandom, Random } from '../../src/core/rng.js';
import { type Shape, type Tensor, fill, valuesOf, zeros } from '../../src/core/tensor.js';
import { createFormulaBackend } from './formula-backend.js';
import { expectNumbers, numericGradient } from './numeric.js';
import { type Case, CASES } from './operation-cases.js';

/** The cases of an operation at one size, whose names begin so. */
export function casesOf(beginning: string): readonly (readonly [name: string, one: Case])[] {
  const found = CASES.filter(({ name }) => name === beginning || name.startsWith(`${beginning},`));
  if (found.length === 0) throw new Error(`no case of ${beginning}`);
  return found.map((one) => [one.name.slice(one.name.indexOf(' ') + 1), one]);
}

/** The outputs and inputs of a case in f64, with random numbers. */
function drawn({ outputs, inputs, prepare, draw }: Case): [outputs: Tensor[], inputs: Tensor[]] {
  const random = new Random(7);
  const tensorsOf = (shapes: readonly Shape[]): Tensor[] =>
    shapes.map((shape) => {
      const tensor = zeros(shape, 'f64');
      fillRandom(tensor, () => draw?.(random) ?? random.normal(0, 1));
      return tensor;
    });
  const operands: [Tensor[], Tensor[]] = [tensorsOf(outputs), tensorsOf(inputs)];
  prepare?.(operands[1]);
  return operands;
}

/** Output `n` of the operation is that of its formula. Default: all outputs are. */
export function expectFormula(one: Case, n?: number): void {
  const [actual, expected] = [createReferenceBackend({ dtype: 'f64' }), createFormulaBackend()].map((on) => {
    const [outputs, inputs] = drawn(one);
    one.run(on, outputs, inputs);
    return outputs;
  });
  for (const k of n === undefined ? expected.keys() : [n]) expectNumbers(actual[k], expected[k], 1e-12, one.name);
}

/** The gradient that a backward operation computes is the numeric gradient of the loss. */
export function expectGradient(one: Case): void {
  const [outputs, inputs] = drawn(one);
  const { loss, by, adds = false } = one.gradient!(createFormulaBackend(), inputs);
  loss(); // sets what the forward operation leaves for the backward one
  for (const output of outputs) if (!adds) fill(output, 0);
  const before = outputs.map(valuesOf);
  one.run(createReferenceBackend({ dtype: 'f64' }), outputs, inputs);
  by.forEach((tensor, n) => {
    const numeric = numericGradient(tensor, loss).map((value, k) => value + before[n][k]);
    expectNumbers(outputs[n], numeric, 1e-8, one.name);
  });
}
