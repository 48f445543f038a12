/** Whether a candidate computed what it should. */
import type { Expected } from './expected.js';
import type { Arrays } from '../tasks.js';

export interface Verdict {
  readonly isRight: boolean;
  /** The largest error in units of its bound: right is at most 1. */
  readonly error: number;
  /** In one line: the worst element, where the verdict is that it is wrong. */
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
      if (error <= worst.error) continue; // NaN is not
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
