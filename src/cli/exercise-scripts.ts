/** The scripts in the package.json of a folder of exercises: they start this command line by its path, so npm asks no registry. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { typed } from '../core/command-line.js';
import { replaceFile } from '../files/disk-replace.js';
import { placeOf } from '../files/disk.js';

/** What each script adds to the command line. */
const WORDS: Readonly<Record<string, string>> = {
  longhand: '',
  check: ' exercises check',
  hint: ' exercises hint',
  train: ' exercises train',
};

/** `check 1`, as one types it here: a folder of exercises has scripts. */
export function typedExercise(words: string): string {
  const [name] = words.split(' ');
  const hasScript = name in WORDS && isOurs(name, scriptsIn(manifestOf('.'))[name]);
  return hasScript ? `npm run ${words.replace(' --', ' -- --')}` : typed(`exercises ${words}`);
}

const packageRoot = path.dirname(createRequire(import.meta.url).resolve('longhand/package.json'));

/** For a folder that need not exist yet. `root` is the clone, or the installed package. */
export function scriptsOf(folder: string, root = packageRoot): Record<string, string> {
  const start = `node ${quoted(mainSeenFrom(folder, root))}`;
  return Object.fromEntries(Object.entries(WORDS).map(([name, words]) => [name, `${start}${words}`]));
}

/** Gives the package.json of a folder these scripts. What else it has stays, also another script of the same name. Returns whether it has changed. */
export function updateScripts(folder: string): boolean {
  const manifest = manifestOf(folder);
  if (manifest === undefined) return false;
  const scripts = scriptsIn(manifest);
  const ours = Object.entries(scriptsOf(folder)).filter(
    ([name, script]) => scripts[name] !== script && (scripts[name] === undefined || isOurs(name, scripts[name])),
  );
  if (ours.length === 0) return false;
  const changed = { ...manifest, scripts: { ...scripts, ...Object.fromEntries(ours) } };
  replaceFile(path.join(folder, 'package.json'), Buffer.from(`${JSON.stringify(changed, null, 2)}\n`));
  return true;
}

/** Also with the path of another installation. */
const isOurs = (name: string, script: unknown): boolean =>
  typeof script === 'string' && new RegExp(`^node .*\\bmain\\.js['"]?${WORDS[name]}$`).test(script);

/** undefined if there is none, or if it is no JSON object. */
function manifestOf(folder: string): Record<string, unknown> | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(placeOf(path.join(folder, 'package.json')), 'utf8'));
    return isRecord(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

const scriptsIn = (manifest: Record<string, unknown> | undefined): Record<string, unknown> =>
  isRecord(manifest?.scripts) ? manifest.scripts : {};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** From the folder if both are in one project, which may be moved; otherwise absolute. */
function mainSeenFrom(folder: string, root: string): string {
  const main = path.join(root, 'dist/cli/main.js');
  const [project] = root.split(`${path.sep}node_modules${path.sep}`);
  const from = realFolder(path.resolve(placeOf(folder)));
  const below = path.relative(project, from);
  const isInside = !below.startsWith('..') && !path.isAbsolute(below);
  return isInside ? path.relative(from, main).split(path.sep).join('/') : main;
}

/** Without links, as npm sees it. */
function realFolder(folder: string): string {
  if (existsSync(folder)) return realpathSync(folder);
  return path.join(realFolder(path.dirname(folder)), path.basename(folder));
}

/** For npm's shell: on Windows cmd.exe, elsewhere sh. */
const quoted = (file: string): string =>
  /^[\w./-]+$/.test(file) ? file : process.platform === 'win32' ? `"${file}"` : `'${file.replaceAll("'", "'\\''")}'`;
