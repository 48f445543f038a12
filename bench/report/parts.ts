/** The marked parts of a document that a command fills: `<!-- NAME: made by the command -->` … `<!-- end of NAME -->`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { UsageError } from '../suites.js';
import { formatted } from './tables.js';

/** `option`: that of the command line which names the file. */
export async function fillParts(option: string, file: string, parts: Readonly<Record<string, string>>): Promise<void> {
  let text = readFileSync(file, 'utf8');
  for (const [name, contents] of Object.entries(parts)) {
    const [open, close] = [`<!-- ${name}: made by the command -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new UsageError(`${option} ${file}: has no ${open} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n\n${contents}\n\n${text.slice(to)}`;
  }
  writeFileSync(file, await formatted(text, file));
}
