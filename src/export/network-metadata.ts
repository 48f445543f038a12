/** A network's sizes in the metadata of an exported file. */
import { DataError } from '../core/errors.js';
import { parseStrictJson } from '../files/json.js';
import type { Safetensors } from '../files/safetensors.js';
import type { CompleteSizes, NetworkSizes } from '../network/config.js';
import { completeSizes } from '../network/config.js';

/** The sizes in an object, in a list of layers, in a layer. */
const DEEPEST = 3;

/** Undefined if the metadata has none. Throws a DataError if they are not valid. */
export function networkFromMetadata({ metadata }: Safetensors, name: string): CompleteSizes | undefined {
  const text = metadata.get('network');
  if (text === undefined) return undefined;
  try {
    return completeSizes(parseStrictJson(text, { depth: DEEPEST }) as NetworkSizes);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError) {
      throw new DataError(`${name}: metadata network: ${error.message}`);
    }
    throw error;
  }
}
