/** Whether this process has V8's option that merges two neighbouring operations of 128 bits into one of 256. */

/** The option's name. */
export const REVECTORIZE = 'experimental-wasm-revectorize';

/**
 * The versions of V8, major and minor, that may merge pairs of 128-bit operations. The option is experimental and can end a process. So
 * a version is in this list only if .ci/run tests the backend under the option on a Node that has it: Node 24 and 26. Node 25 is not
 * tested: it gets no more releases.
 */
export const TESTED_V8 = ['13.6', '14.6'];

/** Whether `v8`, a complete version, is one of them. */
export const isTested = (v8: string): boolean => TESTED_V8.some((version) => v8.startsWith(`${version}.`));

/**
 * A module with a section of random bytes at its end, which means nothing; `digits` are hexadecimal. If V8 has compiled the same bytes
 * before, it uses that code again: perhaps code from before the option was set, or code that is optimised at its first call.
 */
export function withOwnCode(digits: string): string {
  const random = Math.floor(Math.random() * 2 ** 32).toString(16);
  return `${digits}000500${random.padStart(8, '0')}`;
}

/** Whether Node was started with the option; undefined if it was started with neither this option nor its opposite. */
export function isStartedWithOption(): boolean | undefined {
  const { process: node } = globalThis as { process?: Partial<NodeJS.Process> }; // undefined in a page
  const given = node?.execArgv?.map((argument) => argument.replaceAll('_', '-')) ?? [];
  const last = given.filter((argument) => argument.endsWith(REVECTORIZE)).at(-1);
  return last === undefined ? undefined : last === `--${REVECTORIZE}`;
}

let noted: boolean | undefined;

/** Notes that the option was set, or unset, while the program ran. */
export function noteOption(isSet: boolean): void {
  noted = isSet;
}

/** Whether the option is set, as far as this thread knows: V8 does not tell, and another thread may have set it. */
export const isOptionSet = (): boolean => noted ?? isStartedWithOption() ?? false;
