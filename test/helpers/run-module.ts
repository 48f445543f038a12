/** The text of a JavaScript module, run by a Node of its own in the project's folder. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function runModule(text: string) {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], {
    cwd,
    input: text,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
