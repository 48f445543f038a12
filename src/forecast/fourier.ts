/** The Fourier transform of a series. */

/** What all transforms of a size need. */
interface Tables {
  readonly size: number;
  /** cos and -sin of 2π·k / size, for k below size / 2. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  /** Where each number of an eighth of the size goes: its index with its bits in reverse order. */
  readonly places: Uint32Array;
}

function tablesOf(size: number): Tables {
  const cos = new Float64Array(size / 2);
  const sin = new Float64Array(size / 2);
  for (let k = 0; k < cos.length; k++) {
    cos[k] = Math.cos((2 * Math.PI * k) / size);
    sin[k] = -Math.sin((2 * Math.PI * k) / size);
  }
  const places = new Uint32Array(size / 8);
  for (let i = 1; i < places.length; i++) places[i] = (places[i >> 1] >> 1) + (i & 1 ? places.length / 2 : 0);
  return { size, cos, sin, places };
}

/** Those of the last size: a search transforms a series many times. */
let lastTables = tablesOf(8);

/**
 * The power at each frequency k / size, for k = 0 … size / 2. `size` is a power of two, and there are at most size / 4 numbers.
 *
 * Numbers of even and odd index are the two parts of complex ones. These fill at most a quarter of size / 2. So every fourth frequency needs a
 * transform of only size / 8 numbers.
 */
export function powersIn(values: Float64Array, size: number): Float64Array {
  if (lastTables.size !== size) lastTables = tablesOf(size);
  const { cos, sin, places } = lastTables;
  const half = size / 2;
  const [allRe, allIm] = [new Float64Array(half), new Float64Array(half)];
  const count = size / 8;
  const [re, im] = [new Float64Array(count), new Float64Array(count)];
  const used = Math.ceil(values.length / 2);
  for (let r = 0; r < 4; r++) {
    re.fill(0);
    im.fill(0);
    for (let t = 0; t < used; t++) {
      const at = 2 * r * t;
      const [c, s] = at < half ? [cos[at], sin[at]] : [-cos[at - half], -sin[at - half]];
      const x = values[2 * t];
      const y = 2 * t + 1 < values.length ? values[2 * t + 1] : 0;
      re[places[t]] = x * c - y * s;
      im[places[t]] = x * s + y * c;
    }
    transform(re, im, lastTables);
    for (let q = 0; q < count; q++) {
      allRe[4 * q + r] = re[q];
      allIm[4 * q + r] = im[q];
    }
  }
  const powers = new Float64Array(half + 1);
  powers[0] = (allRe[0] + allIm[0]) ** 2;
  powers[half] = (allRe[0] - allIm[0]) ** 2;
  for (let k = 1; k < half; k++) {
    const mirror = half - k;
    const [evenRe, evenIm] = [allRe[k] + allRe[mirror], allIm[k] - allIm[mirror]];
    const [oddRe, oddIm] = [allIm[k] + allIm[mirror], allRe[mirror] - allRe[k]];
    const sumRe = evenRe + oddRe * cos[k] - oddIm * sin[k];
    const sumIm = evenIm + oddRe * sin[k] + oddIm * cos[k];
    powers[k] = (sumRe * sumRe + sumIm * sumIm) / 4;
  }
  return powers;
}

/** The transform in place, by Cooley and Tukey, of complex numbers that are in their places. */
function transform(re: Float64Array, im: Float64Array, { size, cos, sin }: Tables): void {
  const n = re.length;
  for (let half = 1; half < n; half *= 2) {
    const stride = size / (2 * half);
    for (let from = 0; from < n; from += 2 * half) {
      for (let k = 0; k < half; k++) {
        const i = from + k;
        const j = i + half;
        const [c, s] = [cos[k * stride], sin[k * stride]];
        const x = re[j] * c - im[j] * s;
        const y = re[j] * s + im[j] * c;
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
      }
    }
  }
}
