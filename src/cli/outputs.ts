/** Checks that the outputs of a command differ from each other and from its inputs, however their paths are spelt. */
import type { Command } from 'commander';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { replacedSuffixes } from '../files/disk-replace.js';
import { linkedNames, placeOf, targetOf } from '../files/disk.js';

interface NamedFile {
  /** For messages, such as `--best`. */
  readonly name: string;
  readonly file: string;
}

/** A file that a command writes. */
export interface WrittenFile extends NamedFile {
  /** Whether its old contents stay as `previousOf(file)`. */
  readonly keepOld: boolean;
}

/** `file` without its extension. Only a known extension is one: run.best and run.last are two names. */
export const stemOf = (file: string): string => file.replace(/(?<=[^/\\])\.(safetensors|onnx|tfjs|ckpt|pth?|bin)$/, '');

/** How two files meet. '': they are the same. '.previous': replacing the first writes its old contents to the second. */
type Meeting = ReturnType<typeof replacedSuffixes>[number];

/**
 * How replacing `written` would also replace `other`, or a symbolic link that leads to it; undefined if it would not. Hard
 * links do not meet: after the replacement each name has its own file.
 */
export function meetingOf(written: Omit<WrittenFile, 'name'>, other: string): Meeting | undefined {
  const target = realPlace(targetOf(written.file));
  const others = linkedNames(other).map(realPlace);
  return replacedSuffixes(written.keepOld).find((suffix) => others.includes(target + suffix));
}

/** The file's name in the real path of its folder. Neither needs to exist. */
const realPlace = (file: string): string => path.join(realFolder(placeOf(path.dirname(file))), path.basename(file));

function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder); // without .native a linked folder before ".." would be lost
  } catch {
    return path.resolve(folder); // it is missing or unreadable: writing will report that
  }
}

/** Ends the command with exit code 2 if replacing `written` would also replace `other` in a way that is not `accepted`. */
export function assertApart(
  command: Command,
  written: WrittenFile,
  other: NamedFile,
  accepted: readonly Meeting[] = [],
): void {
  const meeting = meetingOf(written, other.file);
  if (meeting !== undefined && !accepted.includes(meeting)) command.error(meetingError(meeting, written, other));
}

/** The message for two files that meet. */
export function meetingError(meeting: Meeting, written: WrittenFile, other: NamedFile): string {
  const [one, two] = [written, other].map(({ name, file }) => `${name} ${file}`);
  if (meeting === '') return `error: ${one} and ${two} are the same file`;
  return `error: ${two} has a name that is reserved for ${one}, whose old contents are kept there`;
}

/** `assertApart` for every pair of outputs. */
export function assertAllApart(command: Command, outputs: readonly WrittenFile[]): void {
  for (const written of outputs) {
    for (const other of outputs) if (other !== written) assertApart(command, written, other);
  }
}

/** `assertApart` for every output and every input, by its name; some inputs may be undefined. */
export function assertApartFrom(
  command: Command,
  outputs: readonly WrittenFile[],
  inputs: Readonly<Record<string, string | undefined>>,
): void {
  for (const written of outputs) {
    for (const [name, file] of Object.entries(inputs))
      if (file !== undefined) assertApart(command, written, { name, file });
  }
}
