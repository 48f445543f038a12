/** Compares a candidate's outputs with the expected ones. */
import type { Arrays } from '../tasks.js';
import type { Expected } from './expected.js';

interface Verdict {
  readonly isRight: boolean;
  /** The largest error divided by its bound: at most 1 if the outputs are right. */
  readonly error: number;
  /** One line: the worst element, if the outputs are wrong. */
  readonly message: string;
}

export function verify(outputs: Arrays, expected: Record<string, Expected>): Verdict {
  let worst: Verdict = { isRight: true, error: 0, message: '' };
  for (const [name, { values, bound }] of Object.entries(expected)) {
    const output = outputs[name] as Float32Array | undefined;
    if (output?.length !== values.length) {
      return wrong(Infinity, `${name} has ${output?.length ?? 0} elements, not ${values.length}`);
    }
    for (let n = 0; n < values.length; n++) {
      const limit = bound(n);
      if (limit === Infinity && Number.isFinite(output[n])) continue;
      const difference = Math.abs(output[n] - values[n]);
      const error = difference === 0 ? 0 : difference / limit;
      if (error <= worst.error) continue; // false for NaN
      const message = `${name}[${n}] is ${output[n]}, should be ${values[n]} ± ${limit.toExponential(1)}`;
      if (Number.isNaN(error)) return wrong(Infinity, message);
      worst = error <= 1 ? { isRight: true, error, message: '' } : wrong(error, message);
    }
  }
  return worst;
}

function wrong(error: number, message: string): Verdict {
  return { isRight: false, error, message };
}
