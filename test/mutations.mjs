/**
 * Do the tests of the equations notice mistakes? Plants every mistake of src/exercises/planted-mistakes.mjs, one at a time, in a copy
 * of the project, and runs the tests there. The tests of equations that fail must be exactly those that the entry names, and
 * its other test file must fail too. Each test of an equation must fail for at least one mistake.
 *
 *     npm run test:mutations                   all of them
 *     npm run test:mutations -- 3′ no-forget   those in equation (3′), and those whose id contains `no-forget`
 *     npm run test:mutations -- --slice 2/3    the second third of them: each third one, from the second on
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PLANTED_MISTAKES } from '../src/exercises/planted-mistakes.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const EQUATIONS = readdirSync(path.join(project, 'test/equations'))
  .filter((name) => name.startsWith('equations-'))
  .map((name) => `equations/${path.basename(name, '.test.ts')}`);

const { values, positionals: chosen } = parseArgs({ allowPositionals: true, options: { slice: { type: 'string' } } });
const [slice, slices] = (values.slice ?? '1/1').split('/').map(Number);
if (!(slice >= 1 && slice <= slices)) throw new Error(`--slice ${values.slice}: write it as 2/3`);
const mistakes = PLANTED_MISTAKES.filter((_, n) => n % slices === slice - 1).filter(
  ({ id, equation }) => chosen.length === 0 || chosen.some((text) => equation === text || id.includes(text)),
);
if (mistakes.length === 0) throw new Error(`no mistake has ${chosen.join(' or ')} in its id, or as its equation`);

/** A copy of the project, for one mistake at a time. */
function makeCopy() {
  const copy = mkdtempSync(path.join(tmpdir(), 'longhand-mutations-'));
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  for (const entry of ['src', 'kernels', 'test', 'docs', 'package.json', 'tsconfig.json', 'jest.config.js']) {
    cpSync(path.join(project, entry), path.join(copy, entry), { recursive: true });
  }
  symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

/**
 * Runs test files in the copy as it is now. Returns the names of the files that fail, and the names of the tests of equations:
 * all, and those that fail.
 */
async function failuresIn(copy, names) {
  const files = names.map((name) => `test/${name}.test.ts`);
  const jest = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand', '--silent', '--json'];
  const env = { ...process.env, DISPLAY: 'none' }; // these tests need no X server
  const child = spawn(process.execPath, [...jest, ...files], { cwd: copy, env, stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.setEncoding('utf8');
  let answer = '';
  for await (const text of child.stdout) answer += text;
  const { testResults } = JSON.parse(answer);
  if (testResults.length !== files.length) throw new Error(`ran ${testResults.length} test files, not ${files.length}`);
  const nameOf = ({ name }) => path.relative(path.join(copy, 'test'), name).replace(/\.test\.ts$/, '');
  const ofEquations = testResults
    .filter((result) => EQUATIONS.includes(nameOf(result)))
    .flatMap(({ assertionResults }) => assertionResults);
  return {
    files: testResults.filter(({ status }) => status === 'failed').map(nameOf),
    all: ofEquations.map(({ fullName }) => fullName),
    failed: ofEquations.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  };
}

/** Plants the mistake, runs the tests, and removes the mistake. `caught`: exactly the right tests failed. */
async function tryMistake(copy, { id, file, right, wrong, fails, test }) {
  const target = path.join(copy, 'src', file);
  const text = readFileSync(target, 'utf8');
  const parts = text.split(right);
  if (parts.length !== 2) throw new Error(`${id}: src/${file} has “${right}” ${parts.length - 1} times, not once`);
  writeFileSync(target, parts.join(wrong));
  const { files, failed } = await failuresIn(copy, test ? [...EQUATIONS, test] : EQUATIONS);
  writeFileSync(target, text);

  const missing = fails.filter((name) => !failed.some((other) => other.startsWith(name)));
  const unexpected = failed.filter((other) => !fails.some((name) => other.startsWith(name)));
  if (test && !files.includes(test)) missing.push(`${test}.test.ts`);
  const caught = missing.length === 0 && unexpected.length === 0;
  const noticed = [...failed.map((name) => name.replace(/:.*/, '')), ...(files.includes(test) ? [test] : [])];
  console.log(`${caught ? 'caught  ' : 'SURVIVED'} ${id}: fails ${noticed.join(' | ') || 'no test'}`);
  for (const name of missing) console.log(`  should fail: ${name}`);
  for (const name of unexpected) console.log(`  should pass: ${name}`);
  return { caught, failed };
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // removes the copies

const copies = Array.from({ length: Math.min(2, availableParallelism(), mistakes.length) }, makeCopy);
const others = new Set(mistakes.flatMap(({ test }) => test ?? []));
const untouched = await failuresIn(copies[0], [...EQUATIONS, ...others]);
if (untouched.files.length > 0) throw new Error(`the unchanged copy fails: ${untouched.files.join(', ')}`);

let caught = 0;
const idle = new Set(untouched.all); // tests that no mistake made fail
const left = [...mistakes];
await Promise.all(
  copies.map(async (copy) => {
    for (let mistake = left.shift(); mistake; mistake = left.shift()) {
      const result = await tryMistake(copy, mistake);
      if (result.caught) caught++;
      for (const name of result.failed) idle.delete(name);
    }
  }),
);
console.log(`${caught} of ${mistakes.length} mistakes caught`);
if (chosen.length > 0 || slices > 1) idle.clear();
for (const name of idle) console.log(`no mistake fails this test: ${name}`);
process.exitCode = caught === mistakes.length && idle.size === 0 ? 0 : 1;
