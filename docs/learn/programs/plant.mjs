/**
 * The library with a planted mistake: `import('longhand?mistake=no-bias')`, after `register` of this module. Node.js calls
 * these two functions when it imports a module. src/exercises/planted-mistakes.mjs has the mistakes, and find-bugs.mjs those of the
 * exercise “Find the bug”.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { PLANTED_MISTAKES } from '../../../src/exercises/planted-mistakes.mjs';
import { BUGS } from './find-bugs.mjs';

const SUFFIX = /\?mistake=(.+)$/;
const MISTAKES = [
  ...PLANTED_MISTAKES,
  ...BUGS.map(({ name, file, ...texts }) => ({ id: name, file: file.replace(/^src\//, ''), ...texts })),
];
const dist = new URL('../../../dist/', import.meta.url).href;

/** A module that a mistaken module imports gets the same suffix, so both are of the same copy of the library. */
export async function resolve(specifier, context, next) {
  const suffix = SUFFIX.exec(specifier) ?? SUFFIX.exec(context.parentURL ?? '');
  const resolved = await next(specifier.replace(SUFFIX, ''), context);
  if (!suffix || !resolved.url.startsWith(dist)) return resolved;
  return { ...resolved, url: resolved.url + encodeURI(decodeURI(suffix[0])) }; // an id can have a ′
}

/** The module with the mistake is made from its TypeScript; every other module of the copy is that of the build. */
export async function load(url, context, next) {
  const [, id] = SUFFIX.exec(url) ?? [];
  if (id === undefined) return next(url, context);
  const mistake = MISTAKES.find((one) => one.id === decodeURIComponent(id));
  if (!mistake)
    throw new Error(`no mistake is called ${id}: src/exercises/planted-mistakes.mjs and find-bugs.mjs list them`);
  const { file, right, wrong } = mistake;
  const plain = url.replace(SUFFIX, '');
  if (plain !== `${dist}src/${file.replace(/\.ts$/, '.js')}`) return next(plain, context);
  const source = readFileSync(fileURLToPath(new URL(`../../../src/${file}`, import.meta.url)), 'utf8').replace(
    right,
    () => wrong,
  );
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: 'esnext', target: 'es2022' } });
  return { format: 'module', shortCircuit: true, source: outputText };
}
