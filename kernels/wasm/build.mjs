/**
 * Compiles assembly/ twice, with and without relaxed SIMD, into binaries.ts: text that any bundler, browser and Node
 * loads as it loads code, with nothing to find or to configure.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

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
      '4096', // below lies the control block of threads.ts
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
