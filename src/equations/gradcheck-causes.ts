/** Why gradients are wrong: what is wrong with the measurement, or else with the numbers. */
import { causesOf } from '../causes/causes.js';
import { listed } from '../core/arguments.js';
import { type Compared } from '../causes/compared.js';
import { type Line, type Measuring, measuredCause, unsteadyCause } from '../causes/measured.js';
import { placesOf } from '../causes/places.js';
import type { Candidate } from '../causes/terms.js';
import { type Tensor, valuesOf } from '../core/tensor.js';
import type { CheckedLoss } from './gradcheck-problem.js';

/** A derivative, and its relative error. */
export interface MeasuredLine extends Line {
  readonly relative: number;
}

/** An input beside its two gradients. */
export interface Measured extends Compared {
  readonly input: Tensor;
  readonly elements: readonly MeasuredLine[];
  readonly along: readonly MeasuredLine[];
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
  const terms: Candidate[] = measured.map(({ name, input }) => ({ words: name, values: [...valuesOf(input)] }));
  if (outputs) {
    terms.push({ words: 'the outputs', values: [...outputs.values] });
    terms.push({ words: 'the gradient of the outputs', values: [...projection] });
  }
  const namesOf = (names: readonly string[]): string =>
    `the gradient${names.length > 1 ? 's' : ''} of ${listed(names)}`;
  const known = { namesOf, terms, uncertain, ...(outputs && { shapes: { 'the outputs': outputs.shape } }) };
  const found = causesOf(rest, known);
  const parts = new Map<string, Candidate[]>();
  const unnamed = rest.filter(({ name, isRight }) => !isRight && !found.has(name));
  if (lossOf && outputs && outputs.shape[0] > 1)
    for (const one of unnamed) parts.set(one.name, await partsOf(one, lossOf, outputs.shape));
  const all = parts.size === 0 ? found : causesOf(rest, { ...known, inPlaceOf: (name) => parts.get(name) ?? [] });
  return new Map([...all, ...causes]);
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
