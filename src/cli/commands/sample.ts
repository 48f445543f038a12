/** `longhand sample`: text that a network writes, which was trained on a text. */
import { Command, InvalidArgumentError } from 'commander';
import { DataError } from '../../core/errors.js';
import { loadCheckpoint } from '../../training/checkpoint-files.js';
import { defaultPrime, PRIME } from '../../training/options.js';
import { sample } from '../../training/sample.js';
import { type BackendFlags, withBackend, withBackendOptions } from '../backends.js';
import { finiteNumber, wholeNumber } from '../flag-values.js';
import { endContents, printContents } from '../print.js';
import { networkOn } from '../memory.js';

interface SampleFlags extends BackendFlags {
  readonly length: number;
  readonly temperature: number;
  readonly top: number;
  readonly prime?: string;
  readonly seed: number;
  readonly stream: boolean;
}

export function sampleCommand(): Command {
  const command = new Command('sample')
    .description(
      'Write text with a network that was trained on a text: into files and pipes as it is, on a terminal with escapes.',
    )
    .argument('<file>', 'a checkpoint of longhand train --task text')
    .option('--length <count>', 'characters to write after the prime', wholeNumber(0), 500)
    .option(
      '--temperature <number>',
      'below 1: likely characters become likelier; 0: always the likeliest',
      temperature,
      0.8,
    )
    .option('--top <count>', 'draw from the <count> likeliest characters', wholeNumber(1), 40)
    .option(
      '--prime <text>',
      `the text that the network continues (default: "${PRIME}", or nothing if the vocabulary lacks a character of it)`,
    )
    .option('--seed <number>', 'another seed writes another text', wholeNumber(0), 1)
    .option('--stream', 'print each character when it is written', false);
  return withBackendOptions(command)
    .addHelpText(
      'after',
      `
Examples:
  longhand train --task text --checkpoint run.safetensors
  longhand sample run.safetensors
  longhand sample run.safetensors --prime "The whale" --temperature 0.5 --stream`,
    )
    .action(async (file: string, flags: SampleFlags) => {
      const { model } = loadCheckpoint(file);
      const { vocabulary } = model;
      if (!vocabulary) throw new DataError(`${file}: its network was not trained on a text: it has no vocabulary`);
      const { stream, prime = defaultPrime(vocabulary), length, temperature, top, seed } = flags;
      await withBackend(flags, command, async (backend, signal) => {
        const network = networkOn(backend, model, 1);
        const characters = sample(network, vocabulary, { length, temperature, top, prime, seed });
        let kept: string | undefined;
        try {
          for await (const part of afterPrime(prime, characters)) {
            signal.throwIfAborted();
            if (stream) printContents(part);
            kept = (kept ?? '') + (stream ? '' : part);
          }
        } catch (error) {
          if (!signal.aborted && !stream) kept = undefined; // an error prints no half of a text
          throw error;
        } finally {
          if (kept !== undefined) {
            printContents(kept); // also what was written before a signal came
            endContents();
          }
          network.dispose();
        }
      });
    });
}

/** The prime comes with the first character, so nothing is written if the prime is refused. */
async function* afterPrime(prime: string, characters: AsyncIterable<string>): AsyncGenerator<string> {
  let before = prime;
  for await (const character of characters) {
    yield before + character;
    before = '';
  }
  yield before;
}

function temperature(text: string): number {
  const value = finiteNumber(text);
  if (value < 0) throw new InvalidArgumentError('It must be a number ≥ 0.');
  return value;
}
