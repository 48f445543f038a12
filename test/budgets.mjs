/**
 * How heavy the repository may be: its tracked files, and the lines of each room. `npm run budgets` prints the table and fails if
 * something is above its budget; `npm run check` runs it. To raise a budget, change its number below, in a commit of its own that
 * says why.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The aim is 800. */
const MOST_FILES = 1039;

/** Lines of several rooms together. The aims are 45,000 and 44,000. */
const TOGETHER = { 'src + kernels': 62304, test: 60476 };

/** Lines of each room. */
const MOST_LINES = {
  '.ci': 75,
  '.github': 110,
  bench: 10418,
  build: 612,
  docs: 33971,
  examples: 206,
  'kernels, in no room': 162,
  'kernels/gpu': 2893,
  'kernels/reference': 200,
  'kernels/wasm': 3803,
  'kernels/webgpu': 3296,
  'src, in no room': 433,
  'src/causes': 803,
  'src/cells': 471,
  'src/classify': 1422,
  'src/cli': 6645,
  'src/compare': 1780,
  'src/core': 1763,
  'src/data': 2807,
  'src/door': 1035,
  'src/equations': 2866,
  'src/exercises': 5863,
  'src/export': 1156,
  'src/files': 1436,
  'src/forecast': 5610,
  'src/mistakes': 2343,
  'src/network': 2147,
  'src/own-network': 277,
  'src/page': 10220,
  'src/training': 2989,
  'test, in no room': 1323,
  'test/bench': 1283,
  'test/cells': 694,
  'test/classify': 1132,
  'test/cli': 6278,
  'test/compare': 1358,
  'test/core': 1770,
  'test/data': 2001,
  'test/docs': 5576,
  'test/door': 99,
  'test/equations': 3325,
  'test/exercises': 2807,
  'test/export': 616,
  'test/files': 883,
  'test/fixtures': 1495,
  'test/forecast': 4713,
  'test/helpers': 6707,
  'test/kernels': 2968,
  'test/network': 1946,
  'test/own-network': 139,
  'test/package': 250,
  'test/page': 2244,
  'test/slow': 7189,
  'test/training': 3793,
  'the top': 1356,
};

/** `src/core`, `test/network` or `docs`: a folder of src, kernels or test, else the folder at the top. */
function roomOf(file) {
  const [top, room, ...others] = file.split('/');
  if (room === undefined) return 'the top';
  if (!['src', 'kernels', 'test'].includes(top)) return top;
  return others.length > 0 ? `${top}/${room}` : `${top}, in no room`;
}

const root = path.join(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
const lines = {};
for (const file of files) {
  const bytes = readFileSync(path.join(root, file));
  const isText = !bytes.includes(0) && file !== 'package-lock.json'; // npm writes it
  lines[roomOf(file)] ??= 0;
  if (isText) lines[roomOf(file)] += bytes.toString('latin1').split('\n').length - 1;
}

const sumOf = (together) =>
  Object.entries(lines)
    .filter(([room]) => together.split(' + ').includes(room.split(/[/,]/)[0]))
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
