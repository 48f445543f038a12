/** The rivals' packages: bench/rivals, a package of its own, so that who only uses Longhand never installs them. */
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { LeftOutError } from './candidate.js';
import { project, versionIn } from './versions.js';

const folder = path.join(project, 'bench', 'rivals');
const lockFile = path.join(folder, 'package-lock.json');
/** npm writes it last, when an installation is complete. */
const installed = path.join(folder, 'node_modules', '.package-lock.json');

function isInstalled(): boolean {
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockFile).mtimeMs;
}

/** Installs what is missing or out of date, without install scripts: some download binaries, and none is needed. */
export async function installRivals(tell: (line: string) => void): Promise<void> {
  if (isInstalled()) return;
  tell('installing the rivals in bench/rivals (once; about 400 MB) …');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retries=1'];
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(npm, ['ci', ...options], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
    child.on('error', () => resolve(null)).on('close', resolve);
  });
  if (code !== 0) tell('the rivals could not be installed, so those that are missing are left out');
}

/** Imports one of the rivals' packages; throws a LeftOutError where it is not installed or does not load. */
export async function loadRival(name: string): Promise<unknown> {
  const { load } = (await import(pathToFileURL(path.join(folder, 'load.js')).href)) as {
    load: (name: string) => Promise<unknown>;
  };
  try {
    return await load(name);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND';
    const reason = isMissing ? 'is not installed' : `does not load: ${error instanceof Error ? error.message : ''}`;
    throw new LeftOutError(`${name} ${reason} (npm ci --ignore-scripts in bench/rivals)`);
  }
}

export function rivalVersion(name: string): string {
  return versionIn(path.join(folder, 'node_modules', name, 'package.json'));
}

export function rivalFile(...parts: string[]): string {
  return path.join(folder, 'node_modules', ...parts);
}
