/** The site for tests, and the API reference in it. The sequencer builds them before the first test of a run that opens the site. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bringUpToDate } from '../../build/part.mjs';
import { linkedFiles, project } from '../../docs/.vitepress/source-pages.js';

/** The path that the site is built for; no file of the site may contain it. */
export const BASE = '/base-of-the-site/';

/** What the pages are made from, and which rivals are installed. */
const SOURCES = [
  ...[
    'src',
    'kernels',
    'docs',
    '!docs/api',
    '!docs/.vitepress/.temp',
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    'SECURITY.md',
  ],
  ...['bench', '!bench/rivals/node_modules', 'bench/rivals/node_modules/.package-lock.json'],
];

/** The folder of the whole site. It is built only if its documents or the files that they show have changed. */
export async function builtSite(): Promise<string> {
  await builtApi();
  const name = 'site-for-tests';
  const output = `dist/${name}`;
  const folder = path.join(project, output);
  const make = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    // Node needs some 800 MB; with a limit near that, V8 looks for free memory all the time. GOGC is for esbuild, which needs 400 MB without it
    const env = { NODE_OPTIONS: '--max-old-space-size=1300 --max-semi-space-size=8', GOGC: '25' };
    run(env, 'vitepress', 'build', 'docs', '--base', BASE, '--outDir', folder);
    const play = ['--config', 'src/page/vite.config.ts', '--mode', 'site', '--outDir', path.join(folder, 'play')];
    run({}, 'vite', 'build', ...play, '--logLevel', 'warn');
  };
  const inputs = [...SOURCES, ...linkedFiles()];
  await bringUpToDate({ name, inputs, outputs: [output], make });
  return folder;
}

/** The folder of the API reference as Markdown. TypeDoc has warned of nothing. */
export async function builtApi(): Promise<string> {
  const output = 'docs/api';
  const make = async (): Promise<void> => {
    rmSync(path.join(project, output), { recursive: true, force: true });
    const warnings = run({}, 'typedoc', '--options', 'docs/.vitepress/typedoc.mjs');
    if (warnings !== '') throw new Error(warnings);
  };
  const inputs = ['docs/.vitepress/typedoc.mjs', 'package.json', 'src', 'kernels'];
  await bringUpToDate({ name: 'api-for-tests', inputs, outputs: [output], make });
  return path.join(project, output);
}

/** What the command warns of. */
function run(env: NodeJS.ProcessEnv, ...command: string[]): string {
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  const { status, stderr } = spawnSync(`node_modules/.bin/${command[0]}`, command.slice(1), options);
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
  return stderr;
}
