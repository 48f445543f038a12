/** The types of english.mjs. */
export function faultsOf(sentence: string): string[];
export function faultsIn(file: string, content: string): string[];
