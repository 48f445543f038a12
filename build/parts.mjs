/** The parts of `dist/`: the inputs of each, and how it is built. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { licencesOf, LICENCES_FILE } from './licences.mjs';
import { filesIn, project } from './part.mjs';

const { peerDependencies } = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'));

const SOURCES = ['src', 'kernels', '!src/page', '!kernels/wasm/assembly'];

/** The wasm code as text, and its jobs in TypeScript. */
const wasm = {
  name: 'wasm',
  inputs: [
    ...[
      'kernels/wasm/assembly',
      '!kernels/wasm/assembly/cell-jobs.ts',
      'kernels/wasm/build.mjs',
      'kernels/wasm/build-jobs.mjs',
    ],
    ...['src/core/cell-operations.ts', 'src/core/tensor.ts'],
  ],
  outputs: ['kernels/wasm/binaries.ts', 'kernels/wasm/jobs.ts', 'kernels/wasm/assembly/cell-jobs.ts'],
  make: () => node('kernels/wasm/build.mjs'),
};

const EXERCISES = ['bugs', 'given', 'numbers', 'texts'].map((name) => `src/exercises/${name}.ts`);

/** The files of the exercises, made from the code, and their numbers. */
const exercises = {
  name: 'exercises',
  inputs: [
    ...['src/exercises', ...EXERCISES.map((file) => `!${file}`)],
    ...['src/mistakes', '!src/mistakes/webgpu-mistakes.mjs'],
    ...['-hints.mjs', 's-page.mjs', 's.json', 's.mjs'].map((end) => `docs/learn/programs/find-bug${end}`),
    'docs/learn/programs/plain-rnn.mjs',
    'docs/learn/programs/min-char-rnn-solution.mjs',
    'docs/learn/pictures/find-bugs.mjs',
    'docs/learn/pictures/svg.mjs',
    ...['kernels/reference', 'src/core', 'src/equations', 'src/network'],
  ],
  outputs: EXERCISES,
  make: () => node('src/exercises/make.mjs'),
};

/** TypeScript that all other parts read. */
export const generated = [wasm, exercises];

/** The modules that hold what they need of a package, which is a fraction of it: users do not install the package. */
const WITH_PACKAGES = ['src/files/sha256.ts'];

/** The modules, as separate files, so that a user's bundler can drop the unused ones. The benchmarks are not in the tarball. */
const modules = {
  name: 'modules',
  inputs: [...SOURCES, 'bench', '!bench/rivals'], // bench/rivals has packages of its own
  outputs: ['dist/src', 'dist/kernels', 'dist/bench'],
  async make() {
    await node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
    remove(...filesIn(modules.outputs).filter((file) => !existsSync(path.join(project, sourceOf(file)))));
    await withoutComments(filesIn(['dist/src', '!dist/src/exercises']).filter((file) => file.endsWith('.js')));
    await bundle('dist/src', WITH_PACKAGES, {
      outbase: 'src',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      minifySyntax: true,
      minifyWhitespace: true,
      plugins: [modulesStayOutside],
    });
  },
};

/** `longhand/browser`: one file for pages without a bundler. */
const browser = {
  name: 'browser',
  inputs: SOURCES,
  outputs: ['dist/browser'],
  // the package has the sources that the map names
  make: () =>
    bundle('dist/browser', ['src/browser.ts'], {
      entryNames: 'longhand',
      minify: true,
      sourcemap: true,
      sourcesContent: false,
    }),
};

/**
 * The programs of the command line, bundled with the library and the packages that they use: from some 150 files they would
 * take twice as long to start. What users install only if they need it stays outside. What `import()` loads, or several
 * programs use, is in files of its own.
 */
const commandLine = {
  name: 'command line',
  inputs: SOURCES,
  outputs: ['dist/cli'],
  make() {
    remove(...filesIn(commandLine.outputs)); // names of chunks change
    return bundle(
      'dist/cli',
      ['src/cli/main.ts', 'src/cli/children/program-answer.ts', 'src/cli/children/program-network.ts'],
      {
        entryNames: '[name]',
        splitting: true,
        platform: 'node',
        target: 'node20',
        minify: true,
        keepNames: true, // for stack traces
        external: Object.keys(peerDependencies),
        plugins: [onlyForCharts],
        // CommonJS packages call `require` for Node's own modules
        banner: {
          js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
        },
      },
    );
  },
};

const modulesStayOutside = {
  name: 'modules-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path: module, kind, resolveDir }) => {
      const isOurs = kind === 'import-statement' && !resolveDir.split(path.sep).includes('node_modules');
      return isOurs ? { path: module, external: true } : undefined;
    });
  },
};

/**
 * linkedom has two large packages that its document needs only for the rules of style elements and for deprecated
 * functions. No chart uses either.
 */
const onlyForCharts = {
  name: 'only-for-charts',
  setup({ onResolve, onLoad }) {
    const namespace = 'left-out';
    onResolve({ filter: /^(cssomnom\/parse|dom-serializer)$/ }, ({ path: module }) => ({ path: module, namespace }));
    onLoad({ filter: /./, namespace }, ({ path: module }) => ({
      contents: `export const parse = () => { throw new Error('${module} is not in this bundle'); }; export default parse;`,
    }));
  },
};

const page = {
  name: 'page',
  inputs: ['src', 'kernels', '!src/cli', '!kernels/wasm/assembly', 'docs/derivation.md'],
  outputs: ['dist/page'],
  make: () =>
    node('node_modules/vite/bin/vite.js', 'build', '--config', 'src/page/vite.config.ts', '--logLevel', 'warn'),
};

export const rest = [modules, browser, commandLine, page];

function remove(...files) {
  for (const file of files) rmSync(path.join(project, file), { force: true });
}

/** `dist/src/equations/lstm.d.ts.map` → `src/equations/lstm.ts` */
const sourceOf = (file) => file.replace(/^dist\//, '').replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts');

/** Modules as they run: the comments are in the sources, and in the declarations that editors show. */
async function withoutComments(files) {
  const { transform } = await import('esbuild');
  for (const file of files.map((name) => path.join(project, name))) {
    const { code } = await transform(readFileSync(file, 'utf8'), { legalComments: 'none', charset: 'utf8' });
    writeFileSync(file, code);
  }
}

async function bundle(outdir, entryPoints, options) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    entryPoints,
    outdir,
    absWorkingDir: project,
    bundle: true,
    format: 'esm',
    metafile: true,
    logLevel: 'warning',
    ...options,
  });
  const licences = licencesOf(Object.keys(metafile.inputs).map((file) => path.join(project, file)));
  writeFileSync(path.join(project, outdir, LICENCES_FILE), licences);
}

/** Runs a script of this project or of a package. If it fails, it prints the reason, and the promise rejects with its name. */
function node(script, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      cwd: project,
      stdio: ['ignore', process.stderr, 'inherit'],
    });
    child.on('error', reject).on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${script} failed (${signal ?? `exit code ${code}`})`));
    });
  });
}
