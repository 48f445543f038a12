/**
 * Makes assembly/cell-jobs.ts from src/core/cell-operations.ts, compiles assembly/ twice, with and without relaxed SIMD, into
 * binaries.ts, and translates the jobs into jobs.ts.
 * The compiled code is text in a module: bundlers, browsers and Node load it as they load code, without configuration.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { build } from 'esbuild';
import { cellJobs, translateJobs } from './build-jobs.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [path('../../src/core/cell-operations.ts')],
  bundle: true,
  write: false,
  format: 'esm',
});
const table = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
const ofCells = cellJobs(table);
writeFileSync(
  path('assembly/cell-jobs.ts'),
  `/** Made from the table in src/core/cell-operations.ts by build-jobs.mjs. */\n\n${ofCells}`,
);
const { constants, text } = translateJobs(readFileSync(path('assembly/jobs.ts'), 'utf8') + ofCells);

async function compile(...features) {
  let binary;
  const { error, stderr } = await asc.main(
    [
      'index.ts',
      '--outFile',
      'out.wasm',
      '--runtime',
      'stub',
      '--importMemory',
      '--sharedMemory',
      '--initialMemory',
      '1',
      '--maximumMemory',
      '65536',
      '--memoryBase',
      String(constants.MODULE_DATA),
      '-O3',
      '--noAssert',
      ...['simd', 'threads', ...features].flatMap((feature) => ['--enable', feature]),
      '--baseDir',
      path('assembly'),
    ],
    { writeFile: (_, contents) => void (binary = contents) },
  );
  if (error) throw new Error(`assembly: ${error.message}\n${stderr.toString()}`);
  return Buffer.from(binary);
}

const portable = await compile();
const relaxed = await compile('relaxed-simd');
/** Quarter n of a module. */
const quarter = (binary, n) => {
  const [from, to] = [n, n + 1].map((end) => Math.floor((binary.length * end) / 4));
  return binary.subarray(from, to).toString('hex');
};

// The two modules are nearly the same. gzip finds what they share, if it stands within 32 KB and on whole bytes. So their
// quarters alternate, in hexadecimal digits: a page loads 18 KB. As two texts in base64 it would load 34 KB.
const quarters = [0, 1, 2, 3].flatMap((n) => [quarter(portable, n), quarter(relaxed, n)]);
writeFileSync(
  path('binaries.ts'),
  `/** Made from assembly/ by build.mjs, which says why the quarters of the two modules alternate. */
const QUARTERS = [
${quarters.map((digits) => `  '${digits}',\n`).join('')}];

/** Two hexadecimal digits a byte. */
export const [PORTABLE, RELAXED]: readonly [string, string] = [
  QUARTERS.filter((_, n) => n % 2 === 0).join(''),
  QUARTERS.filter((_, n) => n % 2 === 1).join(''),
];
`,
);
writeFileSync(path('jobs.ts'), text);
