/** How a text names a command of the command line. */

/** What stands before the command. A script asks no registry; README says how a project that has installed Longhand gets it. */
let beginning = 'npm run -s longhand --';

/** `train --resume run.safetensors`, as one types it where the text is printed. */
export const typed = (words: string): string => `${beginning} ${words}`;

/** For a process that was started in another way. */
export function startedAs(words: string): void {
  beginning = words;
}
