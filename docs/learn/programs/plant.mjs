/**
 * The library with a planted mistake. src/mistakes/planted-mistakes.mjs has the mistakes, and find-bugs.mjs those of the exercise
 * “Find the bug”.
 */
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { PLANTED_MISTAKES } from '../../../src/mistakes/planted-mistakes.mjs';
import { BUGS } from './find-bugs.mjs';

const MISTAKES = [
  ...PLANTED_MISTAKES,
  ...BUGS.map(({ name, file, ...texts }) => ({ id: name, file: file.replace(/^src\//, ''), ...texts })),
];
const project = fileURLToPath(new URL('../../..', import.meta.url));

/** `longhand` and `longhand/reference`, made from their TypeScript with the mistake of this id; without an id, the library itself. */
export function libraryWith(id) {
  if (id === undefined) return library();
  if (!copies.has(id)) copies.set(id, copyWith(id));
  return copies.get(id);
}
const library = async () => ({ ...(await import('longhand')), ...(await import('longhand/reference')) });
const copies = new Map();

async function copyWith(id) {
  const mistake = MISTAKES.find((one) => one.id === id);
  if (!mistake)
    throw new Error(`no mistake is called ${id}: src/mistakes/planted-mistakes.mjs and find-bugs.mjs list them`);
  const { outputFiles } = await build({
    stdin: {
      contents: "export * from './src/index.ts'; export * from './kernels/reference/index.ts';",
      resolveDir: project,
    },
    absWorkingDir: project,
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
    plugins: [planted(mistake)],
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

const planted = ({ file, right, wrong }) => ({
  name: 'planted-mistake',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      if (!path.replaceAll('\\', '/').endsWith(`/src/${file}`)) return undefined;
      return { contents: (await readFile(path, 'utf8')).replace(right, () => wrong), loader: 'ts' };
    });
  },
});
