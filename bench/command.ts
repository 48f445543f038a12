/** Runs a benchmark's command. A mistake of the user is a line on the terminal and exit code 2; a missing browser gives 1. */
import type { Command } from 'commander';
import { CommanderError } from 'commander';
import { NoBrowserError } from './browser/chromium.js';
import { UsageError } from './suites.js';

/** `name` begins the lines. */
export async function runCommand(command: Command, name: string): Promise<void> {
  try {
    await command.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else if (error instanceof UsageError || error instanceof NoBrowserError) {
      console.error(`${name}: ${error.message}`);
      process.exitCode = error instanceof UsageError ? 2 : 1;
    } else throw error;
  }
}
