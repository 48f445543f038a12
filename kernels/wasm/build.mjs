/**
 * Compiles assembly/ twice, with and without relaxed SIMD, into binaries.ts, and translates assembly/jobs.ts into jobs.ts.
 * The compiled code is text in a module: bundlers, browsers and Node load it as they load code, without configuration.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { translateJobs } from './build-jobs.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const { constants, text } = translateJobs(readFileSync(path('assembly/jobs.ts'), 'utf8'));

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
  return Buffer.from(binary).toString('base64');
}

const portable = await compile();
const relaxed = await compile('relaxed-simd');
writeFileSync(
  path('binaries.ts'),
  `/** Made from assembly/ by build.mjs. */\nexport const PORTABLE: string = '${portable}';\nexport const RELAXED: string = '${relaxed}';\n`,
);
writeFileSync(path('jobs.ts'), text);
