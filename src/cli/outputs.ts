/** Files that a command writes must be neither each other nor its inputs, however their paths are spelt. */
import type { Command } from 'commander';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { linkedNames, replacedSuffixes, targetOf } from '../files/disk.js';

interface NamedFile {
  /** `--best`; for messages. */
  readonly name: string;
  readonly file: string;
}

/** An output. */
export interface WrittenFile extends NamedFile {
  /** Its old contents stay as `previousOf(file)`. */
  readonly keepOld: boolean;
}

/** '': they are one file. '.new': the first, when it is replaced, also writes a file of its name and '.new': the second. */
type Meeting = ReturnType<typeof replacedSuffixes>[number];

/**
 * How replacing `written` would also replace `other`, or a link on the way to it; undefined if it would not. Hard links
 * do not meet: each name gets a file of its own.
 */
export function meetingOf(written: Omit<WrittenFile, 'name'>, other: string): Meeting | undefined {
  const target = realPlace(targetOf(written.file));
  const others = linkedNames(other).map(realPlace);
  return replacedSuffixes(written.keepOld).find((suffix) => others.includes(target + suffix));
}

/** Its name in its folder's real path. Neither needs to exist. */
const realPlace = (file: string): string => path.join(realFolder(path.dirname(file)), path.basename(file));

function realFolder(folder: string): string {
  try {
    return realpathSync.native(folder); // without .native it would drop a linked folder before ".."
  } catch {
    return path.resolve(folder); // it does not exist, or may not be read: writing reports that
  }
}

/** Ends the command with exit code 2 if replacing `written` would also replace `other`, unless in an `accepted` way. */
export function assertApart(
  command: Command,
  written: WrittenFile,
  other: NamedFile,
  accepted: readonly Meeting[] = [],
): void {
  const meeting = meetingOf(written, other.file);
  if (meeting !== undefined && !accepted.includes(meeting)) command.error(meetingError(meeting, written, other));
}

/** The line of wrong usage for two files that meet. */
export function meetingError(meeting: Meeting, written: WrittenFile, other: NamedFile): string {
  const [one, two] = [written, other].map(({ name, file }) => `${name} ${file}`);
  if (meeting === '') return `error: ${one} and ${two} are the same file`;
  const writes = written.keepOld ? 'which may write .new, .old and .previous' : 'which writes .new';
  return `error: ${two} has a name that is reserved for ${one}, ${writes} beside itself`;
}

/** The same as `assertApart`, for all outputs of a run with each other. */
export function assertAllApart(command: Command, outputs: readonly WrittenFile[]): void {
  for (const written of outputs) {
    for (const other of outputs) if (other !== written) assertApart(command, written, other);
  }
}
