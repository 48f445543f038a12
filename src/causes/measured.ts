/**
 * Why a numeric derivative can differ from a right gradient. The loss is not deterministic or not finite, it has a kink or a jump within
 * the difference, or the step does not suit its precision. A sentence is made only if it explains every difference of a tensor.
 */

/** A derivative that disagrees: along one element, or along a direction. */
export interface Line {
  /** `w[3]`, `w along a random direction` */
  readonly words: string;
  /** The loss after a move by `delta` from the inputs' values; the inputs are restored. */
  readonly lossAt: (delta: number) => Promise<number>;
  /** By the rule of the check, with a given step. */
  readonly numericAt: (step: number) => Promise<number>;
  /** The step of `numeric`. */
  readonly step: number;
  /** A shorter move is mostly rounding of the inputs. */
  readonly shortest: number;
  readonly backward: number;
  readonly numeric: number;
  /** The largest |backward - numeric| that passes. */
  readonly tolerance: number;
}

/** How the loss is measured. */
export interface Measuring {
  /** Of inputs near 1. */
  readonly step: number;
  /** Half the distance from 1 to the next number in the loss's precision. */
  readonly rounding: number;
  /** `f64` or `f32` */
  readonly precision: string;
  /** A bound of the numbers whose sum is the loss: |loss|, or Σ |r·y| of a projection. */
  readonly size: () => Promise<number>;
}

/** Why all of `lines` disagree, in a sentence; undefined if none of these reasons explains each of them. */
export async function measuredCause(lines: readonly Line[], measuring: Measuring): Promise<string | undefined> {
  const [first] = lines;
  const { step } = first;
  const again: number[] = [];
  for (let n = 0; n < 4; n++) again.push(await first.lossAt(0));
  const [loss] = again;
  if (!again.every(Number.isFinite))
    return `The loss is ${again.find((one) => !Number.isFinite(one))} at the given inputs.`;
  if (lines.every(({ numeric }) => !Number.isFinite(numeric)))
    return `The loss is not finite if ${first.words} moves by ${step} or ${2 * step}: take a smaller step, or other inputs.`;
  const other = again.find((one) => one !== loss);
  const spread = Math.max(...again) - Math.min(...again);
  if (other !== undefined && areWithin(lines, 20 * spread))
    return `The loss is not deterministic: at the same point it was ${loss} and then ${other}.`;
  if (other !== undefined) return undefined; // what follows trusts small differences of the loss
  const rounding = measuring.rounding * (await measuring.size());
  return (await bendCause(lines, rounding)) ?? (await stepCause(lines, measuring.step, 4 * rounding));
}

/** Each line is off by no more than a loss that is off by `noise`. */
const areWithin = (lines: readonly Line[], noise: number): boolean =>
  lines.every(({ backward, numeric, step }) => Math.abs(backward - numeric) <= noise / step);

const agrees = ({ backward, tolerance }: Line, numeric: number, noise = 0): boolean =>
  Math.abs(backward - numeric) <= Math.max(tolerance, noise);

/** A derivative that is not exact enough for statements on the numbers, in a sentence; undefined if all are. */
export async function unsteadyCause(lines: readonly Line[], measuring: Measuring): Promise<string | undefined> {
  const rounding = measuring.rounding * (await measuring.size());
  for (const { words, lossAt, step, backward, numeric, tolerance } of lines) {
    const h = step / 4;
    const [near, far] = [
      [await lossAt(h), await lossAt(-h)],
      [await lossAt(2 * h), await lossAt(-2 * h)],
    ];
    const other = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h);
    const noise = (4 * rounding) / h;
    const loss = await lossAt(0);
    const [bend, wider] = [near, far].map(([right, left], n) => Math.abs(right - 2 * loss + left) / (h * (n + 1)));
    const isSmooth = bend <= 0.75 * wider || bend <= tolerance + 2 * noise; // at a kink both are the same
    const isSteady = Math.abs(other - numeric) <= Math.max(tolerance, noise) && isSmooth;
    if (isSteady && !(Math.abs(backward - numeric) <= noise / 2)) continue;
    const digits = (value: number): number => Number(value.toPrecision(9));
    const sides = near.map((one, n) => digits(((one - loss) * (1 - 2 * n)) / h));
    const what = isSmooth
      ? `it is ${digits(numeric)} with the step ${step} and ${digits(other)} with ${h}`
      : `with the step ${h} it is ${sides[1]} on the left and ${sides[0]} on the right`;
    return `The numeric derivative with respect to ${words} is not exact: ${what}. Take other inputs, or another step.`;
  }
  return undefined;
}

/** A step above this is never too small. */
const LARGEST_STEP = 0.1;

/**
 * At steps that are shorter or longer by one factor, every derivative agrees. `rounding`: of a difference of losses. A step whose derivatives it
 * makes inexact does not count: a loss that is rounded to one number would agree with a gradient of 0.
 */
async function stepCause(lines: readonly Line[], usual: number, rounding: number): Promise<string | undefined> {
  const [{ step }] = lines;
  for (const power of [-1, -2, -3, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const times = 8 ** power;
    if (power > 0 && usual * times > LARGEST_STEP) break;
    let areAll = true;
    for (const line of lines) {
      const other = line.step * times;
      areAll = rounding / other <= line.tolerance && agrees(line, await line.numericAt(other));
      if (!areAll) break;
    }
    if (!areAll) continue;
    const [what, shown] = [power > 0 ? 'small' : 'large', Number((step * times).toPrecision(3))];
    return `The step ${step} is too ${what} for this loss: with ${shown} the gradient agrees.`;
  }
  return undefined;
}

/** A point near the inputs at which the loss has no derivative. */
interface Bend {
  /** How far from the inputs' values. */
  readonly at: number;
  readonly left: number;
  readonly right: number;
  /** The loss jumps by this. undefined: it is continuous, and its derivative changes from `left` to `right`. */
  readonly jump: number | undefined;
}

/** Every line crosses a kink or a jump, and beside it the derivative agrees. */
async function bendCause(lines: readonly Line[], rounding: number): Promise<string | undefined> {
  let first: Bend | undefined;
  for (const line of lines) {
    const bend = await bendOf(line, rounding);
    if (!bend || !(await isExplained(line, bend, rounding))) return undefined;
    first ??= bend;
  }
  if (!first) return undefined;
  const [{ words, step }] = lines;
  const digits = (value: number): number => Number(value.toPrecision(3));
  const where = Math.abs(first.at) < step / 500 ? `at the given inputs` : `if ${words} moves by ${digits(first.at)}`;
  if (first.jump !== undefined)
    return `The loss jumps by ${digits(first.jump)} ${where}, within the difference: there it has no derivative.`;
  return (
    `The loss has a kink ${where}, within the difference: there its derivative ${words.includes('direction') ? '' : `with respect to ${words} `}changes ` +
    `from ${digits(first.left)} to ${digits(first.right)}. Take other inputs, or a smaller step.`
  );
}

/**
 * Beside a kink or a jump the derivative agrees; at the kink any number from the left derivative to the right one is right. At a jump
 * there is no derivative that a gradient could agree with.
 */
async function isExplained(line: Line, bend: Bend, rounding: number): Promise<boolean> {
  const { step } = line;
  const [least, most] = [bend.left, bend.right].sort((a, b) => a - b);
  const within = Math.max(line.tolerance, 1e-3 * (most - least));
  const isBetween = line.backward >= least - within && line.backward <= most + within;
  if (Math.abs(bend.at) < step / 500) return bend.jump !== undefined || isBetween;
  for (const times of [8, 64, 512]) {
    const noise = (8 * rounding * times) / step;
    if (noise > Math.max(line.tolerance, 1e-3 * Math.abs(line.backward))) return false;
    if (agrees(line, await line.numericAt(step / times), noise)) return true;
  }
  return false;
}

/**
 * Halves the interval around the inputs again and again. The next interval is that half, or the middle, whose two one-sided quotients differ most.
 * If the loss is smooth, their difference halves too. At a kink it stays, and at a jump it doubles.
 */
async function bendOf({ lossAt, step, shortest }: Line, rounding: number): Promise<Bend | undefined> {
  let [from, width] = [-2 * step, 4 * step];
  let losses = [await lossAt(from), await lossAt(0), await lossAt(2 * step)];
  const bends: number[] = [];
  while (bends.length < 12 && width / 4 >= shortest) {
    const [left, middle, right] = losses;
    const [q1, q3] = [await lossAt(from + width / 4), await lossAt(from + (3 * width) / 4)];
    const windows = [
      [left, q1, middle],
      [q1, middle, q3],
      [middle, q3, right],
    ].map((of) => ({ of, bend: Math.abs(of[2] - 2 * of[1] + of[0]) / (width / 4) }));
    const place = windows.reduce((most, { bend }, n) => (bend > windows[most].bend ? n : most), 0);
    const { of, bend } = windows[place];
    if (!(bend > (40 * 4 * rounding) / (width / 4))) break; // what is left is rounding
    [from, width, losses] = [from + (place * width) / 4, width / 2, of];
    bends.push(bend);
  }
  if (bends.length < 5) return undefined;
  const growth = bends[bends.length - 1] / bends[bends.length - 4];
  if (!(growth > 0.4)) return undefined;
  const [beforeLeft, afterRight] = [await lossAt(from - width), await lossAt(from + 2 * width)];
  const [left, right] = [(losses[0] - beforeLeft) / width, (afterRight - losses[2]) / width];
  // of a single point above or below its neighbours, the losses on both sides are the same
  const jump = [losses[2] - losses[0], losses[1] - losses[0], losses[2] - losses[1]].reduce((most, one) =>
    Math.abs(one) > Math.abs(most) ? one : most,
  );
  return { at: from + width / 2, left, right, jump: growth > 4 ? jump : undefined };
}
