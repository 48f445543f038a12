/** A version of Node, which can differ from the one that runs this file. PyTorch runs in a process of Python. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Engine } from './engine.js';
import type { Peak } from './peak.js';
import { SpawnedProcess } from './spawned-process.js';

export async function nodeEngine(node: string): Promise<Engine> {
  const script = fileURLToPath(new URL('node-peak.js', import.meta.url));
  const { stdout } = await promisify(execFile)(node, [script]);
  const { engine, peak } = JSON.parse(stdout) as { engine: string; peak: Peak };
  return {
    kind: 'node',
    name: engine,
    peak,
    start: (candidate) => SpawnedProcess.start(candidate, node),
    close: async () => {},
  };
}
