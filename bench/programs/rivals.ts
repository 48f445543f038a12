/** The rivals are installed in bench/rivals, a package of its own, so that users of Longhand do not install them. */
import { resolveObjectURL } from 'node:buffer';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { LeftOutError, messageOf } from '../program.js';
import { project, versionIn } from '../versions.js';

const folder = path.join(project, 'bench', 'rivals');
const lockFile = path.join(folder, 'package-lock.json');
/** Lists what is installed. npm writes it last, when the installation is complete. */
const installed = path.join(folder, 'node_modules', '.package-lock.json');

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean } | undefined>>;
}

function readLock(file: string): Lock {
  return JSON.parse(readFileSync(file, 'utf8')) as Lock;
}

/** Whether a candidate's program calls a rival of this package. PyTorch is installed by other means. */
export function usesRival({ program }: { readonly program: string }): boolean {
  return ['tensorflow', 'jax', 'onnxruntime'].includes(program);
}

function isInstalled(): boolean {
  if (!existsSync(installed)) return false;
  const present = readLock(installed).packages;
  return Object.entries(readLock(lockFile).packages).every(
    ([file, wanted]) => file === '' || wanted?.optional === true || present[file]?.version === wanted?.version,
  );
}

/** Installs what is missing or out of date, without install scripts: some download binaries that we do not need. */
export async function installRivals(print: (line: string) => void): Promise<void> {
  if (isInstalled()) return;
  print('installing the rivals in bench/rivals (once; about 600 MB) …');
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
  if (code !== 0) print('npm could not install the rivals; those that are missing are left out');
}

/** Imports a rival. Throws a LeftOutError if it is not installed or does not load. */
export async function loadRival(name: string): Promise<unknown> {
  const { load } = (await import(pathToFileURL(path.join(folder, 'load.js')).href)) as {
    load: (name: string) => Promise<unknown>;
  };
  const howTo = '(run npm ci --ignore-scripts in bench/rivals)';
  // Otherwise Node would also look in the project's own packages.
  if (!existsSync(rivalFile(name))) throw new LeftOutError(`${name} is not installed ${howTo}`);
  try {
    return await load(name);
  } catch (error) {
    throw new LeftOutError(`${name} does not load: ${messageOf(error)} ${howTo}`);
  }
}

export function rivalVersion(name: string): string {
  return versionIn(path.join(folder, 'node_modules', name, 'package.json'));
}

export function rivalFile(...parts: string[]): string {
  return path.join(folder, 'node_modules', ...parts);
}

// Web Workers in Node, as far as jax-js needs them. Without Web Workers, jax-js computes on one thread.

/** The globals of a Web Worker. */
const SURROUNDINGS = `
  const { parentPort } = require('node:worker_threads');
  globalThis.self = globalThis;
  globalThis.postMessage = (data) => parentPort.postMessage(data);
  parentPort.on('message', (data) => globalThis.onmessage({ data }));
`;

class WebWorker {
  onmessage?: (event: { data: unknown }) => void;
  onerror?: (error: Error) => void;
  private readonly worker: Promise<Worker>;

  constructor(url: string) {
    this.worker = this.start(url);
    this.worker.catch((error: unknown) => this.onerror?.(error as Error));
  }

  postMessage(message: unknown): void {
    void this.worker.then((worker) => worker.postMessage(message));
  }

  private async start(url: string): Promise<Worker> {
    const source = await resolveObjectURL(url)?.text();
    if (source === undefined) throw new Error(`no source at ${url}`);
    const worker = new Worker(SURROUNDINGS + source, { eval: true });
    worker.on('message', (data: unknown) => this.onmessage?.({ data }));
    worker.on('error', (error) => this.onerror?.(error));
    worker.unref();
    return worker;
  }
}

/** Sets the globals `Worker` and `navigator.hardwareConcurrency` for several threads; does nothing for one. */
export function provideWebWorkers(threads: number): void {
  if (threads === 1) return;
  Object.assign(globalThis, { Worker: WebWorker });
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: threads }, configurable: true });
}

/** In Node, the globals of WebGPU for rivals that look for them, from the package webgpu. */
export async function provideWebGpu(): Promise<void> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: '', gpu: create([]) }, configurable: true });
}
