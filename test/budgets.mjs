/**
 * How heavy the repository may be: its tracked files, and the lines of each room. `npm run budgets` prints the table and fails if
 * something is above its budget; `npm run check` runs it. To raise a budget, change its number below, in a commit of its own that
 * says why.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The aim is 800. */
const MOST_FILES = 1050;

/** Lines of several rooms together. The aims are 45,000 and 44,000. */
const TOGETHER = { 'src + kernels': 62798, test: 60473 };

/** Lines of each room. */
const MOST_LINES = {
  '.ci': 70,
  '.github': 120,
  bench: 9624,
  build: 610,
  docs: 34549,
  examples: 210,
  'kernels, in no room': 97,
  'kernels/gpu': 2900,
  'kernels/reference': 210,
  'kernels/wasm': 4040,
  'kernels/webgpu': 3260,
  'src, in no room': 430,
  'src/causes': 820,
  'src/cells': 543,
  'src/classify': 1460,
  'src/cli': 6691,
  'src/compare': 1796,
  'src/core': 1698,
  'src/data': 2890,
  'src/door': 1046,
  'src/equations': 2877,
  'src/exercises': 5885,
  'src/export': 1166,
  'src/files': 1447,
  'src/forecast': 5816,
  'src/mistakes': 2305,
  'src/network': 2171,
  'src/own-network': 290,
  'src/page': 10229,
  'src/training': 2997,
  'test, in no room': 1340,
  'test/bench': 1184,
  'test/cells': 731,
  'test/classify': 1160,
  'test/cli': 6303,
  'test/compare': 1484,
  'test/core': 1699,
  'test/data': 2010,
  'test/docs': 5594,
  'test/door': 109,
  'test/equations': 3462,
  'test/exercises': 2819,
  'test/export': 626,
  'test/files': 896,
  'test/fixtures': 1551,
  'test/forecast': 4642,
  'test/helpers': 6667,
  'test/kernels': 2919,
  'test/network': 1966,
  'test/own-network': 149,
  'test/package': 259,
  'test/page': 2257,
  'test/slow': 7107,
  'test/training': 3806,
  'the top': 1347,
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
