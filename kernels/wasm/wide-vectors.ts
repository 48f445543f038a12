/** Whether this process has V8's option that merges two neighbouring operations of 128 bits into one of 256. */

/** The option's name. */
export const REVECTORIZE = 'experimental-wasm-revectorize';

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
