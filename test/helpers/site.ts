/** The built site, or a part of it, which several test files open. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bringUpToDate, withLock } from '../../build/part.mjs';
import { linkedFiles, project } from '../../docs/.vitepress/source-pages.js';

/** The time limit for a hook that waits for the build, or for that of another test file. */
export const BUILD_MS = 600_000;

/** The path that the site is built for; no file of the site may contain it. */
export const BASE = '/base-of-the-site/';

/** What every page is made from. */
const SOURCES = ['src', 'kernels', 'README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];

/** The folder of the whole site. It is built only if its documents or the files that they show have changed. */
export function builtSite(): Promise<string> {
  const inputs = ['docs', '!docs/api', ...SOURCES, ...linkedFiles()];
  return upToDate('site-for-tests', inputs, (folder) => {
    run({}, 'typedoc', '--options', 'docs/.vitepress/typedoc.mjs');
    buildPages(folder, { NODE_OPTIONS: '--max-old-space-size=1200' }); // it needs some 800; without a limit it uses 1.8 GB
    const play = ['--config', 'src/page/vite.config.ts', '--mode', 'site', '--outDir', path.join(folder, 'play')];
    run({}, 'vite', 'build', ...play, '--logLevel', 'warn');
  });
}

/** The folder of the site without the API reference, the source files, the measurements and /play. */
export function builtPartOfSite(): Promise<string> {
  const inputs = ['docs', '!docs/api', '!docs/benchmarks', '!docs/source', ...SOURCES];
  return upToDate('part-of-site', inputs, (folder) => {
    // it needs 600 MB with this limit, and 770 MB without
    buildPages(folder, { LONGHAND_SITE: 'part', NODE_OPTIONS: '--max-old-space-size=350' });
    cpSync(path.join(project, 'src/page/public'), path.join(folder, 'play'), { recursive: true }); // the pages’ icon
  });
}

/** Files of a built site, from its folder; those of /play are left out. */
export const filesOf = (folder: string, extension: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith(extension) && !name.startsWith('play/'));

/** No document contains the base that the site was built for, or a script, which the Content-Security-Policy would forbid. */
export function expectNoBase(folder: string): void {
  const pages = filesOf(folder, '.html');
  const wrong = pages.filter((name) => {
    const html = readFileSync(path.join(folder, name), 'utf8');
    return /<script(?![^>]* src=)/.test(html) || html.includes(BASE);
  });
  expect([pages.length > 10, wrong]).toEqual([true, []]);
}

async function upToDate(name: string, inputs: string[], build: (folder: string) => void): Promise<string> {
  const output = `dist/${name}`;
  const folder = path.join(project, output);
  const make = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    build(folder);
  };
  await withLock(() => bringUpToDate({ name, inputs, outputs: [output], make }));
  return folder;
}

const buildPages = (folder: string, env: NodeJS.ProcessEnv): void =>
  run(env, 'vitepress', 'build', 'docs', '--base', BASE, '--outDir', folder);

function run(env: NodeJS.ProcessEnv, ...command: string[]): void {
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  const { status, stderr } = spawnSync(`node_modules/.bin/${command[0]}`, command.slice(1), options);
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}
