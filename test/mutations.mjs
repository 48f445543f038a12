/**
 * Do the tests of the equations notice mistakes? Plants every mistake of src/mistakes/planted-mistakes.mjs, one at a time, in a copy
 * of the project, and runs the tests there. The tests of equations that fail must be exactly those that the entry names, and
 * its other test file must fail too. Each test of an equation must fail for at least one mistake.
 *
 * Then the mistakes of src/mistakes/webgpu-mistakes.mjs, if this computer has WebGPU: the test file that an entry names must fail.
 *
 *     npm run test:mutations                   all of them
 *     npm run test:mutations -- 3′ no-forget   those in equation (3′), and those whose id contains `no-forget`
 *     npm run test:mutations -- webgpu         those in the WebGPU backend
 *     npm run test:mutations -- --slice 2/3    the second third of them: each third one, from the second on
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PLANTED_MISTAKES } from '../src/mistakes/planted-mistakes.mjs';
import { WEBGPU_MISTAKES } from '../src/mistakes/webgpu-mistakes.mjs';

const project = fileURLToPath(new URL('..', import.meta.url));
const EQUATIONS = readdirSync(path.join(project, 'test/equations'))
  .filter((name) => name.startsWith('equations-'))
  .map((name) => `equations/${path.basename(name, '.test.ts')}`);

const { values, positionals: chosen } = parseArgs({ allowPositionals: true, options: { slice: { type: 'string' } } });
const [slice, slices] = (values.slice ?? '1/1').split('/').map(Number);
if (!(slice >= 1 && slice <= slices)) throw new Error(`--slice ${values.slice}: write it as 2/3`);
const ALL = [...PLANTED_MISTAKES.map((one) => ({ ...one, file: `src/${one.file}` })), ...WEBGPU_MISTAKES];
const mistakes = ALL.filter((_, n) => n % slices === slice - 1).filter(
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

/** A mistake that leaves a promise open must not hold the run for long; the tests take seconds. */
const LONGEST_TEST_MS = 60_000;

/**
 * Runs test files in the copy as it is now; `only`: tests whose name matches this pattern. Returns the names of the files that fail, and
 * of the tests that ran in each; whether this computer lacks something for them. Of the tests of equations it returns all names, and
 * those that fail.
 */
async function failuresIn(copy, names, only) {
  const files = names.map((name) => `test/${name}.test.ts`);
  const jest = [
    ...['--max-semi-space-size=32', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'],
    ...['--runInBand', '--silent', '--json'],
  ];
  const options = [
    '--forceExit',
    '--testTimeout',
    String(LONGEST_TEST_MS),
    ...(only ? ['--testNamePattern', only] : []),
  ];
  const config = names.some((name) => name.startsWith('slow/')) ? ['--config', 'test/slow/jest.config.js'] : [];
  const env = { ...process.env, DISPLAY: 'none' }; // these tests need no X server
  const stdio = ['ignore', 'pipe', 'ignore'];
  const child = spawn(process.execPath, [...jest, ...options, ...config, ...files], { cwd: copy, env, stdio });
  child.stdout.setEncoding('utf8');
  let answer = '';
  for await (const text of child.stdout) answer += text;
  if (answer === '') return { files: names, ran: {}, all: [], failed: [] }; // Jest ended before it could report
  const { testResults } = JSON.parse(answer);
  if (testResults.length !== files.length) throw new Error(`ran ${testResults.length} test files, not ${files.length}`);
  const nameOf = ({ name }) => path.relative(path.join(copy, 'test'), name).replace(/\.test\.ts$/, '');
  const ofEquations = testResults
    .filter((result) => EQUATIONS.includes(nameOf(result)))
    .flatMap(({ assertionResults }) => assertionResults);
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const hasRun = ({ status }) => status === 'passed' || status === 'failed';
  return {
    files: testResults.filter(({ status }) => status === 'failed').map(nameOf),
    ran: Object.fromEntries(
      testResults.map((result) => [
        nameOf(result),
        result.assertionResults.filter(hasRun).map(({ fullName }) => fullName),
      ]),
    ),
    lacks: results.some(({ title }) => title.startsWith('missing: ')), // see test/helpers/needs.ts
    all: ofEquations.map(({ fullName }) => fullName),
    failed: ofEquations.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
  };
}

/** Plants the mistake, runs the tests, and removes the mistake. */
async function withMistake(copy, { id, file, right, wrong }, runTests) {
  const target = path.join(copy, file);
  const text = readFileSync(target, 'utf8');
  const parts = text.split(right);
  if (parts.length !== 2) throw new Error(`${id}: ${file} has “${right}” ${parts.length - 1} times, not once`);
  writeFileSync(target, parts.join(wrong));
  try {
    return await runTests();
  } finally {
    writeFileSync(target, text);
  }
}

/** `caught`: exactly the right tests failed. */
async function tryMistake(copy, mistake) {
  const { id, fails, test, only } = mistake;
  if (!fails) return tryKernelMistake(copy, mistake, only);
  const { files, failed } = await withMistake(copy, mistake, () =>
    failuresIn(copy, test ? [...EQUATIONS, test] : EQUATIONS),
  );
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

async function tryKernelMistake(copy, mistake, only) {
  const { id, test } = mistake;
  const { files } = await withMistake(copy, mistake, () => failuresIn(copy, [test], only));
  const caught = files.length > 0;
  console.log(`${caught ? 'caught  ' : 'SURVIVED'} ${id}: ${caught ? 'fails' : 'passes'} ${test}`);
  return { caught, failed: [] };
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1)); // removes the copies

const copies = Array.from({ length: Math.min(2, availableParallelism(), mistakes.length) }, makeCopy);
const idle = new Set(); // tests that no mistake made fail

/** Mistakes that this computer can try: their tests pass without them. */
async function possible() {
  const inEquations = mistakes.filter(({ fails }) => fails);
  const inKernels = mistakes.filter(({ fails }) => !fails);
  if (inEquations.length > 0) {
    const others = new Set(inEquations.flatMap(({ test }) => test ?? []));
    const untouched = await failuresIn(copies[0], [...EQUATIONS, ...others]);
    if (untouched.files.length > 0) throw new Error(`the unchanged copy fails: ${untouched.files.join(', ')}`);
    for (const name of untouched.all) idle.add(name);
  }
  const inTests = [...new Set(inKernels.map(({ test }) => test))];
  const here = [];
  for (const test of inTests)
    here.push(
      ...(await possibleIn(
        test,
        inKernels.filter((one) => one.test === test),
      )),
    );
  return [...inEquations, ...here];
}

/** Those of the mistakes in kernels for which a test runs here, of those that they name in this file. */
async function possibleIn(test, all) {
  const { files, ran, lacks } = await failuresIn(copies[0], [test], all.map(({ only }) => `(${only})`).join('|'));
  if (files.length > 0) throw new Error(`the unchanged copy fails: ${test}`);
  const isHere = ({ only }) => ran[test].some((name) => new RegExp(only, 'i').test(name)); // as Jest does
  const missing = all.filter((one) => !isHere(one));
  if (missing.length > 0 && !lacks) throw new Error(`${missing[0].id}: no test in ${test} matches ${missing[0].only}`);
  if (missing.length > 0) console.log(`no WebGPU here: ${missing.length} mistakes of ${test} cannot be tried`);
  return all.filter(isHere);
}

let caught = 0;
const tried = await possible();
const left = [...tried];
await Promise.all(
  copies.map(async (copy) => {
    for (let mistake = left.shift(); mistake; mistake = left.shift()) {
      const result = await tryMistake(copy, mistake);
      if (result.caught) caught++;
      for (const name of result.failed) idle.delete(name);
    }
  }),
);
console.log(`${caught} of ${tried.length} mistakes caught`);
if (chosen.length > 0) idle.clear();
const elsewhere = ALL.filter((one) => !mistakes.includes(one)).flatMap(({ fails }) => fails ?? []); // in other slices
for (const name of idle) if (elsewhere.some((beginning) => name.startsWith(beginning))) idle.delete(name);
for (const name of idle) console.log(`no mistake fails this test: ${name}`);
process.exitCode = caught === tried.length && idle.size === 0 ? 0 : 1;
