/** Why gradients are wrong: what is wrong with the measurement, or else with the numbers. */
import { replacedBy, sentencesOf, statementsOf } from '../causes/causes.js';
import { listed } from '../core/arguments.js';
import { type Compared, filled, whole } from '../causes/compared.js';
import { type Line, type Measuring, measuredCause, unsteadyCause } from '../causes/measured.js';
import { placesOf } from '../causes/places.js';
import { productsOf } from '../causes/products.js';
import { type Candidate, equalTo } from '../causes/terms.js';
import { type Tensor, valuesOf } from '../core/tensor.js';
import type { CheckedLoss } from './gradcheck-problem.js';

/** A derivative, and its relative error. */
export interface MeasuredLine extends Line {
  /** 0 if both gradients are at most `visibleFrom`. */
  readonly relative: number;
  /** A gradient up to this cannot be told from rounding. */
  readonly visibleFrom: number;
  /** The loss has the same bits at each move, and the gradient is exactly 0. */
  readonly isConstant: boolean;
  /** Both gradients are at most `visibleFrom`, and the loss is not constant. */
  readonly isUnseen: boolean;
}

/** An input beside its two gradients. */
export interface Measured extends Compared {
  readonly input: Tensor;
  readonly elements: readonly MeasuredLine[];
  readonly along: readonly MeasuredLine[];
  /** The largest `visibleFrom` of its elements. */
  readonly visibleFrom: number;
  /** (7) for every element, of another loss. */
  readonly gradientOf: (loss: () => Promise<number>) => Promise<number[]>;
}

/** The causes of the wrong gradients, by the inputs' names: what is wrong with the measurement, or else with the numbers. */
export async function gradientCauses(
  measured: readonly Measured[],
  { lossOf, outputs, projection }: CheckedLoss,
  tolerance: number,
  measuring: Measuring,
): Promise<Map<string, string>> {
  const [causes, uncertain] = [new Map<string, string>(), new Map<string, string>()];
  const areWrong = (lines: readonly MeasuredLine[]) => lines.filter(({ relative }) => !(relative <= tolerance));
  for (const { name, elements, along } of measured) {
    const wrong = areWrong([...elements, ...along]);
    const cause = wrong.length === 0 ? undefined : await measuredCause(wrong, measuring);
    const doubt = cause === undefined ? await unsteadyCause(areWrong(elements), measuring) : undefined;
    if (cause !== undefined) causes.set(name, cause);
    if (doubt !== undefined) uncertain.set(name, doubt);
  }
  const rest = measured.map((one) => (causes.has(one.name) ? { ...one, isRight: true } : one));
  const own = new Map(measured.map(({ name, input }) => [name, [...valuesOf(input)]]));
  const terms = [...own].map(([words, values]): Candidate => ({ words, values }));
  if (outputs) {
    terms.push({ words: 'the outputs', letter: 'y', values: [...outputs.values] });
    terms.push({ words: 'the gradient of the outputs', values: [...projection] });
  }
  const namesOf = (names: readonly string[]): string =>
    `the gradient${names.length > 1 ? 's' : ''} of ${listed(names)}`;
  const sizes = outputs ? { shapes: { 'the outputs': outputs.shape } } : { hasMoreSizes: true };
  const known = { namesOf, terms, uncertain, upstream: [...projection], ...sizes };
  const statements = statementsOf(rest, known);
  const unnamed = () =>
    rest.filter(({ name, isRight }) => !isRight && !uncertain.has(name) && statements.get(name)?.isWhole !== true);
  const exact = rest.filter(({ name }) => !uncertain.has(name));
  for (const { names, gradient, z } of unnamed().length > 1 ? productsOf(exact, own) : []) {
    const statement = statementsOf([gradient], { ...known, terms: [...terms, z] }).get(gradient.name);
    if (statement?.isWhole !== true) continue;
    const words = filled(statement, namesOf([gradient.name]));
    for (const { name } of unnamed()) if (names.includes(name)) statements.set(name, whole(words));
  }
  if (lossOf && outputs && outputs.shape[0] > 1)
    for (const one of unnamed().filter(({ name }) => !statements.has(name))) {
      const statement = replacedBy(equalTo(one, await partsOf(one, lossOf, outputs.shape)));
      if (statement) statements.set(one.name, statement);
    }
  return new Map([...sentencesOf(statements, known), ...causes]);
}

/** The gradients of a part of the loss: of the first or the last index of the outputs alone, and of all others. */
async function partsOf(
  { gradientOf, expected, tolerance }: Measured,
  lossOf: NonNullable<CheckedLoss['lossOf']>,
  shape: readonly number[],
): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const index of [shape[0] - 1, 0]) {
    const values = await gradientOf(lossOf((one) => one === index));
    const where = `${placesOf(shape, 0, [index])} of the outputs`;
    candidates.push({ words: `a loss of ${where} alone`, values, tolerance });
    const others = expected.map((value, n) => value - values[n]);
    candidates.push({ words: `a loss without ${where}`, values: others, tolerance });
  }
  return candidates;
}
