/** The scripts of docs/gpu-js.md print what it quotes. A test that fails may mean that a new GPU.js has repaired a trap. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Mode } from '../../../kernels/gpu/index.js';
import { MODES } from '../../../kernels/gpu/index.js';
import { describeMode } from '../../helpers/gpu-modes.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

interface Trap {
  readonly title: string;
  /** A mode of GPU.js that the script needs. */
  readonly mode: Mode;
  readonly script: string;
  readonly output: string;
}

const [, ...sections] = readFileSync(path.join(project, 'docs/gpu-js.md'), 'utf8').split(/^### /m);
const traps = sections.map((section): Trap => {
  const [title] = section.split('\n');
  const found = /```js (\w+)\n(.*?)```\n\n```text\n(.*?)```/s.exec(section);
  if (!found) throw new Error(`docs/gpu-js.md: “${title}” has no script with its output below`);
  const [, mode, script, output] = found;
  return { title, mode: mode as Mode, script, output };
});

/** A folder outside the project, in which scripts find the project's packages. */
const folder = mkdtempSync(path.join(tmpdir(), 'longhand-'));
symlinkSync(path.join(project, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
afterAll(() => rmSync(folder, { recursive: true }));

const modes = [...new Set(traps.map(({ mode }) => mode))];

test('every script names a mode of GPU.js that runs in Node', () => {
  expect(traps.length).toBeGreaterThanOrEqual(6);
  expect(modes.filter((mode) => mode === 'webgl2' || !MODES.includes(mode))).toEqual([]);
});

for (const mode of modes) {
  await describeMode(mode, () => {
    test.each(traps.filter((trap) => trap.mode === mode))('$title', async ({ script, output }) => {
      writeFileSync(path.join(folder, 'trap.mjs'), script);
      const { stdout } = await run(process.execPath, ['trap.mjs'], { cwd: folder });
      expect(stdout).toBe(output);
    });
  });
}
