/** Runs a command. A mistake of the user is a line on the terminal and exit code 2; a missing browser gives 1. */
import { type Command, CommanderError, InvalidArgumentError } from 'commander';
import { NoBrowserError } from './browser/chromium.js';
import { UsageError } from './suites.js';

/** `name` begins the lines. */
export async function runCommand(command: Command, name: string): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(); // the reader has closed it, as `head` does
  });
  try {
    await command.exitOverride().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof UsageError || error instanceof NoBrowserError) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = error instanceof UsageError ? 2 : 1;
    } else throw error;
  }
}

/** Reads the M,K,N of `--size`. */
export function sizeIn(text: string): [M: number, K: number, N: number] {
  const numbers = text.split(',').map(Number);
  if (numbers.length !== 3 || !numbers.every((extent) => Number.isInteger(extent) && extent >= 1))
    throw new InvalidArgumentError('Write three whole numbers ≥ 1, as in 128,128,512.');
  return [numbers[0], numbers[1], numbers[2]];
}
