/**
 * How heavy the repository may be: its tracked files, and the lines of each room. `npm run budgets` prints the table and fails if
 * something is above its budget; `npm run check` runs it. To raise a budget, change its number below, in a commit of its own that
 * says why.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const MOST_FILES = 1000;

/** Lines of several rooms together. */
const TOGETHER = { 'src + kernels': 54000, test: 54000 };

/** Lines of each room. */
const MOST_LINES = {};

/** `src/core`, `test/network`, `docs`: a folder of src, kernels or test, else the folder at the top. */
function roomOf(file) {
  const [top, room, ...others] = file.split('/');
  if (room === undefined) return 'the top';
  return ['src', 'kernels', 'test'].includes(top) && others.length > 0 ? `${top}/${room}` : top;
}

const root = path.join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
const lines = {};
for (const file of files) {
  const bytes = readFileSync(path.join(root, file));
  const isText = !bytes.includes(0);
  lines[roomOf(file)] ??= 0;
  if (isText) lines[roomOf(file)] += bytes.toString('latin1').split('\n').length - 1;
}

const sumOf = (together) =>
  Object.entries(lines)
    .filter(([room]) => together.split(' + ').includes(room.split('/')[0]))
    .reduce((sum, [, count]) => sum + count, 0);
const rows = [
  ...Object.keys({ ...MOST_LINES, ...lines }).map((room) => [
    `${room}, lines`,
    lines[room] ?? 0,
    MOST_LINES[room] ?? 0,
  ]),
  ...Object.entries(TOGETHER).map(([rooms, most]) => [`${rooms} together, lines`, sumOf(rooms), most]),
  ['tracked files', files.length, MOST_FILES],
];
for (const [what, count, most] of rows) {
  console.log(
    `${what.padEnd(34)}${String(count).padStart(7)} of ${String(most).padStart(6)}${count > most ? '  too many' : ''}`,
  );
}
const above = rows.filter(([, count, most]) => count > most);
if (above.length > 0) {
  console.error(`\n${above.map(([what]) => what).join('; ')}: above the budget in test/budgets.mjs`);
  process.exitCode = 1;
}
