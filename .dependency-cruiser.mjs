/**
 * A file imports only from its own component, or from lower layers. `npm run check` checks this, type imports included. A
 * component is one folder, or one file that is not in such a folder. A layer is a list of components that do not import
 * each other.
 */

const bench = (name) => `bench/${name}\\.ts$`;

/** The layers, the lowest first. Each component is a pattern for paths. */
const LAYERS = [
  ['src/core/', 'build/'],
  ['src/causes/'],
  ['src/equations/', 'src/files/', 'src/mistakes/', 'kernels/[\\w-]+\\.ts$'],
  ['src/cells/'],
  ['src/network/', 'kernels/reference/', 'kernels/wasm/', 'kernels/gpu/', 'kernels/webgpu/'],
  ['src/data/', 'src/compare/'],
  ['src/training/', 'src/exercises/'],
  ['src/own-network/'],
  ['src/door/'],
  ['src/index\\.ts$'],
  ['src/browser\\.ts$', 'src/export/', 'src/page/'],
  ['src/cli/'],
  ['tasks', 'versions'].map(bench),
  ['assemblyscript', 'candidates', 'program', 'suites'].map(bench),
  ['bench/programs/'],
  ['bench/measure/'],
  ['bench/browser/', 'bench/report/'],
  ['against', 'command'].map(bench),
  ['bench/steps/'],
  ['bench/kernel/'],
  [bench('main'), bench('webgpu')],
  ['test/'],
];

/** What a file of `component` may not import: the other components of its layer, and the layers above. */
const layerRules = LAYERS.flatMap((components, layer) =>
  components.map((component) => ({
    name: `${component} imports only from itself and from below`,
    severity: 'error',
    from: { path: `^${component}` },
    to: {
      path: `^(${[...components.filter((other) => other !== component), ...LAYERS.slice(layer + 1).flat()].join('|')})`,
    },
  })),
).filter(({ to }) => to.path !== '^()');

/** The files that use Node's modules. All other files of src and kernels also run in a page. */
const NODE_ONLY = [
  'src/cli/',
  'src/page/(build/|vite\\.config)',
  'src/files/disk',
  'src/data/(mnist|text)-files',
  'src/exercises/make',
  'src/training/checkpoint-files',
  'kernels/wasm/(build|node-flags)',
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    {
      name: 'every file of src and bench has its layer',
      comment: 'Add the file to LAYERS in .dependency-cruiser.mjs.',
      severity: 'error',
      from: { path: '^(src|bench)/', pathNot: `^(${LAYERS.flat().join('|')})` },
      to: {},
    },
    {
      name: 'only the entry points that choose a backend import kernels',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(browser\\.ts|cli/|exercises/|page/)' },
      to: { path: '^kernels/' },
    },
    {
      name: 'the process of a learner’s answer sets no option of V8',
      severity: 'error',
      from: { path: '^src/cli/children/program-' },
      to: { path: '^kernels/wasm/node-flags', reachable: true },
    },
    { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'Node’s own modules only in files that never run in a page',
      severity: 'error',
      from: { path: '^(src|kernels)/', pathNot: `^(${NODE_ONLY.join('|')})` },
      to: { dependencyTypes: ['core'], dependencyTypesNot: ['type-only', 'type-import'] },
    },
    {
      name: 'a file that runs in a page imports no file that needs Node',
      severity: 'error',
      from: { path: '^(src|kernels)/', pathNot: `^(${NODE_ONLY.join('|')})` },
      to: { path: `^(${NODE_ONLY.join('|')})` },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', 'assembly/', '^bench/rivals/'] },
  },
};
