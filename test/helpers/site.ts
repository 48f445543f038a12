/** The built site, which several test files open. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bringUpToDate, withLock } from '../../build/part.mjs';
import { project } from '../../docs/.vitepress/source-pages.js';

/** The time limit for a hook that waits for the build, or for that of another test file. */
export const BUILD_MS = 300_000;

const FOLDER = 'dist/site-for-tests';

/** Its folder. It is built only if the documents or the code have changed since it was built. */
export async function builtSite(): Promise<string> {
  const inputs = [
    'docs',
    '!docs/api',
    'src',
    'kernels',
    'bench',
    '!bench/rivals',
    'test',
    'README.md',
    'CONTRIBUTING.md',
  ];
  await withLock(() => bringUpToDate({ name: 'site for tests', inputs, outputs: [FOLDER], make }));
  return path.join(project, FOLDER);
}

async function make(): Promise<void> {
  const folder = path.join(project, FOLDER);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('typedoc', '--options', 'docs/.vitepress/typedoc.mjs');
  run('vitepress', 'build', 'docs', '--base', '/base-of-the-site/', '--outDir', folder);
  const play = path.join(folder, 'play');
  run('vite', 'build', '--config', 'src/page/vite.config.ts', '--mode', 'site', '--outDir', play, '--logLevel', 'warn');
}

function run(...command: string[]): void {
  const { status, stderr } = spawnSync(`node_modules/.bin/${command[0]}`, command.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`);
}
