/** What an answer prints, for the page: a reader need not open the browser's console. */

/** In characters. An answer runs many times. */
const MOST = 10_000;

/**
 * From now on the worker's `console` keeps its lines. The returned function returns them; after it nothing is printed, because a
 * training step calls the answer thousands of times.
 */
export function keepPrinted(): () => string {
  let text = '';
  let isKept = true;
  for (const method of ['log', 'info', 'debug', 'warn', 'error'] as const)
    console[method] = (...values: unknown[]): void => {
      if (isKept && text.length <= MOST) text += `${values.map(shown).join(' ')}\n`;
    };
  return () => {
    isKept = false;
    return text.length > MOST ? `${text.slice(0, MOST)}\n… and more` : text.trimEnd();
  };
}

/** Numbers in lists as a reader writes them; a tensor as its shape and its numbers. */
function shown(value: unknown): string {
  try {
    if (typeof value === 'string') return value;
    if (isTensor(value))
      return `[${value.shape.join(', ')}] ${shown(value.data.subarray(value.offset, value.offset + value.size))}`;
    if (ArrayBuffer.isView(value)) return `[${Array.from(value as Float64Array).join(', ')}]`;
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}

interface Memory {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  readonly offset: number;
  readonly size: number;
}

const isTensor = (value: unknown): value is Memory =>
  typeof value === 'object' && value !== null && 'stride' in value && 'data' in value && 'shape' in value;
