/** `longhand exercises` as a process: its time limit of ten seconds, and --watch. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EXERCISES } from '../../../src/exercises/exercises.js';
import { pathOf } from '../../../src/exercises/folder.js';
import { longhand } from '../../helpers/longhand.js';
import { MAIN } from '../../helpers/longhand-process.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const main = path.resolve(MAIN);
const place = directoryOf();
const running: ReturnType<typeof start>[] = [];
afterAll(() => running.forEach(({ child }) => child.kill('SIGKILL')));

beforeAll(() => longhand(['exercises'], { cwd: place }));

function start(...args: string[]) {
  const child = spawn(process.execPath, [main, 'exercises', ...args], { cwd: place });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, output };
}

const answer = (name: string): string =>
  path.join(
    place,
    'longhand-exercises',
    pathOf(
      EXERCISES.find((one) => one.name === name)!,
      'typescript',
    ),
  );

test('an answer with an endless loop that catches errors ends after ten seconds', async () => {
  const begun = readFileSync(answer('sigmoid'), 'utf8');
  writeFileSync(answer('sigmoid'), begun.replace('return NaN;', 'try { for (;;) {} } catch {} finally { return 1; }'));
  const { child, output } = start('check', '1');
  const [code] = (await once(child, 'close')) as [number];
  expect([code, output.stdout]).toEqual([
    1,
    expect.stringContaining('cannot be checked: it did not end within 10 seconds. Is there an endless loop?'),
  ]);
  writeFileSync(answer('sigmoid'), begun);
});

test('--watch checks each answer that is saved, until a signal', async () => {
  const run = start('check', '--watch');
  running.push(run);
  const { child, output } = run;
  const seen = async (stream: keyof typeof output, text: string): Promise<void> => {
    while (!output[stream].includes(text)) await setTimeout(20);
  };
  await seen('stdout', '0 of 12 right\n');
  await seen('stderr', 'Ctrl-C');
  writeFileSync(answer('gates'), EXERCISES.find((one) => one.name === 'gates')!.typescript.solution);
  await seen('stdout', 'typescript/07-gates.ts: right');
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([130, null]);
});
