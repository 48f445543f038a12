/** Whether this process has V8's option that merges two neighbouring operations of 128 bits into one of 256. */

/** The option's name. */
export const REVECTORIZE = 'experimental-wasm-revectorize';

/**
 * A module with a section of random bytes at its end, which means nothing; `digits` are hexadecimal. If V8 has compiled the same bytes
 * before, it uses that code again: perhaps code from before the option was set, or code that is optimised at its first call.
 */
export function withOwnCode(digits: string): string {
  const random = Math.floor(Math.random() * 2 ** 32).toString(16);
  return `${digits}000500${random.padStart(8, '0')}`;
}

let isNoted = false;

/** Notes that the option was set while the program ran. */
export function noteWideVectors(): void {
  isNoted = true;
}

/** Whether the option was set by `enableWideVectors` in this thread, or when the program was started. */
export function hasWideVectors(): boolean {
  const { process: node } = globalThis as { process?: Partial<NodeJS.Process> }; // undefined in a page
  const given = node?.execArgv?.map((argument) => argument.replaceAll('_', '-')) ?? [];
  const [last] = given.filter((argument) => argument.endsWith(REVECTORIZE)).slice(-1);
  return isNoted || last === `--${REVECTORIZE}`;
}
