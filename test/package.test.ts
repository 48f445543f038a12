/** What a released version holds: every entry, with types, and nothing that its users do not need. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as {
  bin: { longhand: string };
  exports: Record<string, string | { types: string; default: string }>;
};

function packedFiles(): string[] {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: project,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const packed = JSON.parse(stdout) as { files: { path: string }[] }[] | Record<string, { files: { path: string }[] }>;
  return Object.values(packed).flatMap(({ files }) => files.map((file) => file.path));
}

test('the tarball holds every entry and its types, and no tests, benchmarks or build leftovers', () => {
  const files = packedFiles();
  const entries = Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : [entry.types, entry.default],
  );
  for (const entry of [...entries, manifest.bin.longhand]) expect(files).toContain(entry.replace(/^\.\//, ''));
  const allowed =
    /^(package\.json|README\.md|LICENSE|(dist\/)?(src|kernels)\/.+|dist\/browser\/longhand\.js(\.map)?|dist\/page\/.+)$/;
  expect(files).toContain('dist/page/index.html');
  expect(files.filter((file) => file.includes('ubyte'))).toEqual([]); // MNIST comes from its own package
  expect(files.filter((file) => !allowed.test(file))).toEqual([]);
});

test('importing the mathematics, or the reference, loads neither GPU.js nor Node’s modules', () => {
  const script = `
    await import('longhand');
    await import('longhand/reference');
    console.log(JSON.stringify(Object.keys((await import('node:module')).default._cache)));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
  });
  const loaded = JSON.parse(stdout) as string[];
  expect(loaded.some((file) => file.includes('ndarray'))).toBe(true);
  expect(loaded.filter((file) => /gpu\.js|webgpu/.test(file))).toEqual([]);

  // Node's own modules leave no trace there; the sources tell.
  const sources = [
    'index',
    'tensor',
    'lstm',
    'dense',
    'cross-entropy',
    'adam',
    'model',
    'train',
    'train-options',
    'schedule',
    'clipping',
    'checkpoint',
    'safetensors',
    'json',
    'fields',
    'data-error',
    'mnist',
    'rng',
    'gradcheck',
    'backend',
  ];
  for (const name of sources) {
    expect(existsSync(path.join(project, `src/${name}.ts`))).toBe(true);
    expect(readFileSync(path.join(project, `src/${name}.ts`), 'utf8')).not.toContain("from 'node:");
  }
});

test('longhand/browser is one file with all that runs in a page, and nothing of Node’s', () => {
  const script = `
    const names = await Promise.all(
      ['longhand', 'longhand/reference', 'longhand/wasm', 'longhand/browser'].map(async (name) => Object.keys(await import(name))),
    );
    console.log(JSON.stringify(names));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: project,
    encoding: 'utf8',
  });
  const [library, reference, wasm, browser] = JSON.parse(stdout) as string[][];
  expect(browser.sort()).toEqual([...library, ...reference, ...wasm].sort());
  const text = readFileSync(path.join(project, 'dist/browser/longhand.js'), 'utf8');
  expect(text).not.toMatch(/\bimport ?[({*"']|\brequire\(|\bfrom ?["']/);
});
