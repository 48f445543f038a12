/** The documents are true: links lead to what they name, examples run, and numbers are the computed ones. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { labelOf } from '../../bench/candidates.js';
import { createReferenceBackend } from '../../kernels/reference/index.js';
import { taskOf } from '../../src/cli/tasks.js';
import { Random } from '../../src/core/rng.js';
import { norm, stepOf } from '../../src/core/tensor.js';
import { fillBatch } from '../../src/data/batches.js';
import { loadMnist } from '../../src/data/mnist-files.js';
import { PLANTED_MISTAKES } from '../../src/mistakes/planted-mistakes.mjs';
import { type BatchSizes, type NetworkConfig, lossRows, lstmsOf, widthOf } from '../../src/network/config.js';
import { elementCountOfParameters, elementCountOfTraining } from '../../src/network/memory.js';
import { Model } from '../../src/door/model.js';
import { TUTORIAL } from '../../src/training/options.js';
import { rowsIn } from '../helpers/bench-rows.js';
import { linesOf } from '../helpers/longhand-process.js';
import { start } from '../helpers/longhand.js';
import { runModule } from '../helpers/run-module.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(project, file), 'utf8');
/** The files of a folder whose names end so, from the project. */
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(path.join(project, folder)).flatMap((name) => (name.endsWith(ending) ? path.join(folder, name) : []));
const documents = ['.', 'docs', 'docs/learn', 'docs/exercises', 'docs/questions'].flatMap((folder) =>
  filesIn(folder, '.md'),
);

interface Link {
  readonly document: string;
  readonly text: string;
  readonly target: string;
}

const links: Link[] = documents.flatMap((document) =>
  [...read(document).matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)]
    .map(([, text, target]) => ({ document, text, target }))
    .filter(({ target }) => !target.startsWith('http')),
);

const lineLinks = links.filter(({ target }) => /#L\d/.test(target));

test('no text runs or installs a package of the name longhand from a registry, in which anybody could own it', () => {
  const sources = ['docs', 'src', 'kernels'].flatMap((folder) =>
    readdirSync(path.join(project, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(folder, name),
    ),
  );
  const made = /^docs\/(api|\.vitepress\/\.temp)\//; // a build of the site that was killed leaves them
  const texts = [
    ...filesIn('.', '.md'),
    ...sources.filter((file) => /\.(md|mts|[mc]?[jt]s|py|html|vue|sh)$/.test(file) && !made.test(file)),
  ];
  expect(texts.length).toBeGreaterThan(300);
  const reaches =
    /\bnp(?:x|m (?:exec|x|i|install|add|create))(?! --no-install)\b[^`'"]*?(?<![\w/.-])longhand(?!@(?:file:|npm:|\.)|[\w/-])/;
  const found = texts.flatMap((file) =>
    linesOf(read(file))
      .filter((line) => reaches.test(line))
      .map((line) => ({ file, line })),
  );
  expect(found).toEqual([]);
});

test('every relative link leads to a file', () => {
  const dead = links.filter(({ document, target }) => {
    const file = path.join(project, path.dirname(document), target.replace(/#.*/, ''));
    return !existsSync(file);
  });
  expect(dead).toEqual([]);
  expect(links.length).toBeGreaterThan(20);
});

test('every line link leads to lines whose first one holds the link’s text: an equation’s number, or a name', () => {
  expect(lineLinks.length).toBeGreaterThanOrEqual(27);
  for (const { document, text, target } of lineLinks) {
    const [file, first, last] = /^(.+)#L(\d+)(?:-L(\d+))?$/.exec(target)?.slice(1) ?? [];
    const lines = read(path.join(path.dirname(document), file)).split('\n');
    const linked = lines.slice(Number(first) - 1, Number(last));
    const name = text.replaceAll('`', '').replace(/^test of (the )?/, '');
    const found = lines.flatMap((line, n) => (line.includes(name) ? [n + 1] : [])); // where the link should lead
    expect([target, found, linked[0]]).toEqual([target, found, expect.stringContaining(name)]);
    // A link to a function or to a test ends where that ends.
    const end = text.startsWith('`') ? '}' : text.startsWith('test of ') ? '});' : undefined;
    if (end !== undefined) expect({ target, last: linked.at(-1)?.trim() }).toEqual({ target, last: end });
  }
});

test('the derivation links every equation to its lines, and to the test that is named by its number', () => {
  const inDerivation = lineLinks.filter(({ document }) => document === 'docs/derivation.md');
  const linksTo = (folder: string, pattern: RegExp): string[] =>
    inDerivation
      .filter(({ target }) => target.startsWith(folder))
      .flatMap(({ text }) => pattern.exec(text)?.[1] ?? [])
      .sort();
  const inCode = linksTo('../src/', /^\((\d+′?)\)$/);
  expect(inCode).toEqual([...new Set(inCode)]);
  expect(inCode.length).toBeGreaterThanOrEqual(15);
  expect(linksTo('../test/equations/equations-', /^test of \((\d+′?)\)$/)).toEqual(inCode);

  const tests = filesIn('test/equations', '.test.ts').filter((file) => path.basename(file).startsWith('equations-'));
  const titles = tests.flatMap((file) => [...read(file).matchAll(/^describe\('\((\d+′?)\)'/gm)]);
  expect(titles.map(([, number]) => number).sort()).toEqual(inCode);
});

const examples = [...read('README.md').matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);

test.each([
  [/^50 \d\.\d{4}\n60 \d\.\d{4}\nvalidation accuracy 0\.\d+\n$/m, 0],
  [/^true \d\.\d+e-1\d\n$/, 1],
])('the README’s example prints %s', (output, n) => {
  expect(examples).toHaveLength(2);
  const { stdout, stderr } = runModule(examples[n]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(output);
});

test('the README shows the first lines of the training', async () => {
  const { code, stdout, interrupt } = start(['train', '--deterministic']);
  await stdout.has('\nIter 3840,');
  interrupt('SIGINT'); // the test on 10,000 images takes longer
  expect(await code).toBe(130);
  const lines = linesOf(stdout.text).filter((line) => line.startsWith('Iter '));
  expect(read('README.md')).toContain(lines.slice(0, 3).join('\n'));
});

/** A document's text without line breaks. */
const prose = (file: string): string => read(file).replace(/\s+/g, ' ');

test('the forget gate in a new network: f, its 27th power, and how much of the gradient arrives', () => {
  const f = 1 / (1 + Math.exp(-1));
  expect([f.toFixed(2), (f ** 27).toExponential(0)]).toEqual(['0.73', '2e-4']);
  for (const document of ['docs/derivation.md', 'docs/page.md']) {
    expect(prose(document)).toContain('σ(1) = 0.73');
    expect(prose(document)).toContain('0.73²⁷ ≈ 2·10⁻⁴');
    expect(prose(document)).toMatch(/after the first row (of an image )?is about 1% of/);
  }

  const { test: images } = loadMnist();
  for (const seed of [1, 2, 3]) {
    const model = new Model(createReferenceBackend(), { T: 28, B: 1, I: 28, H: 128, C: 10 });
    model.initialise(new Random(seed));
    const { x, y, gates, dc } = model.activations;
    fillBatch(x, y, images, [seed]);
    model.forward();
    model.backward();
    expect(meanOfForgetGate(gates)).toBeCloseTo(f, 2);
    const share = norm(stepOf(dc, 1)) / norm(stepOf(dc, 28));
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(0.02);
  }
});

function meanOfForgetGate(gates: Model['activations']['gates']): number {
  const [T, , columns] = gates.shape;
  const H = columns / 4;
  let sum = 0;
  for (let t = 0; t < T; t++) for (let n = 0; n < H; n++) sum += gates.get(t, 0, 2 * H + n);
  return sum / (T * H);
}

test('the derivation counts the planted mistakes, and the tests that must find them', () => {
  const derivation = read('docs/derivation.md');
  expect(derivation.replace(/\s+/g, ' ')).toContain(
    `Each of the ${PLANTED_MISTAKES.length} mistakes must fail a test whose title begins with its equation`,
  );
  const counts: Record<string, number> = {};
  for (const { test: other } of PLANTED_MISTAKES) {
    const name = other === undefined ? 'none' : `\`${other}.test.ts\``;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  const [, table] = derivation.split('| the second test');
  const rows = [...table.matchAll(/^\| (none|`.+?`) +\|.*?\| +(\d+) \|/gm)];
  expect(Object.fromEntries(rows.map(([, name, count]) => [name, Number(count)]))).toEqual(counts);
});

test('the README’s figures of other programs are those of the benchmark’s rows', () => {
  const all = rowsIn('docs/benchmarks/rows.ndjson');
  const median = (label: string, digits?: number, engine = 'Node 20'): number => {
    const rows = all.filter(({ suite, run }) => suite === 'step' && run.engine.startsWith(engine));
    const ms = rows.find((row) => labelOf(row) === label)?.medianMs ?? NaN;
    return digits === undefined ? ms : Math.round(Number(ms.toPrecision(3)) / 10 ** digits) * 10 ** digits;
  };
  const ratio = (threads: string, engine = 'Node 20'): string =>
    (median(`longhand-wasm${threads}`, undefined, engine) / median(`pytorch${threads}`, undefined, engine)).toFixed(2);
  for (const sentence of [
    `a step takes ${ratio(' ×2', 'Node 26')} times as long as PyTorch's on two threads and ${ratio('', 'Node 26')} times on one, in Node 26`,
    `in Node 20 it takes ${ratio(' ×2')} and ${ratio('')} times as long`,
    `takes ${Math.round(median('tensorflow-wasm') / median('longhand-wasm'))} times as long as Longhand's, on one thread in Node 20`,
    `Node 26: ${median('longhand-wasm ×2', 0, 'Node 26')} and ${median('longhand-wasm', 0, 'Node 26')} ms`,
    `TensorFlow.js's wasm backend needed ${median('tensorflow-wasm', 1)} ms on one thread`,
    `jax-js needed ${median('jax-wasm', 0)} ms on one thread and ${median('jax-wasm ×2', 0)} on two`,
    `PyTorch 2.6 needed ${median('pytorch', 0)} ms on one and ${median('pytorch ×2', 0)} on two`,
  ]) {
    expect(prose('README.md')).toContain(sentence);
  }
});

test('the benchmarks’ table of Node 26 and 24 has their rows, and their versions and commands', () => {
  const all = rowsIn('docs/benchmarks/rows.ndjson');
  const [rows, before] = ['Node 26', 'Node 24'].map((name) => all.filter(({ run }) => run.engine.startsWith(name)));
  for (const [{ run }] of [rows, before]) {
    expect(prose('docs/benchmarks.md')).toMatch(
      new RegExp(`- ${run.engine}(, the last column)?: \`${run.command}\`, revision ${run.revision.replace('+', '')}`),
    );
  }
  const ms = (value: number | null): string => (value ?? NaN).toPrecision(3);
  const cellOf = (of: readonly (typeof rows)[number][], label: string): string => {
    const row = of.find((one) => labelOf(one) === label);
    return row ? `${ms(row.medianMs)} (${ms(row.minMs)})` : '–';
  };
  const table = read('docs/benchmarks.md').split('### In Node 26')[1].split('### ')[0].replace(/ +/g, ' ');
  const nameOf = (row: (typeof rows)[number]): string => `${row.suite}: ${row.case}`;
  const cases = [...new Set(rows.map(nameOf))].map((name) => rows.filter((row) => nameOf(row) === name));
  expect(cases).toHaveLength(4);
  for (const of of cases) {
    for (const [threads, ending] of [
      [1, ''],
      [2, ' ×2'],
    ] as const) {
      const inNode24 = before.filter((row) => nameOf(row) === nameOf(of[0]));
      const cells = ['longhand-wasm', 'pytorch', 'onnxruntime'].map((name) => cellOf(of, name + ending));
      cells.push(cellOf(inNode24, `longhand-wasm${ending}`));
      expect(table).toContain(`| ${threads} | ${cells.join(' | ')} |`);
    }
  }
});

test('how far the gradient reaches: the numbers are those of reach.json, whose first frame is computed again', () => {
  type Frame = Record<'step' | 'correct' | 'f' | 'direct', number> & Record<'shares' | 'range', number[]>;
  const frames = JSON.parse(read('docs/learn/programs/reach.json')) as Frame[];
  const [first, last] = [frames[0], frames.at(-1)!];
  const percent = ({ shares: [share] }: typeof first): string => `${(100 * share).toFixed(0)}%`;
  expect(prose('README.md')).toContain(
    `After one training step, the first row's is ${percent(first)} of the last row's; after all ${last.step} steps it is ${percent(last)}.`,
  );
  expect(prose('docs/index.md')).toContain(
    `After one training step, its norm at the first row is ${percent(first)} of its norm at the last row; after ${last.step} steps it is ${percent(last)}.`,
  );
  expect([first.f.toFixed(2), last.f.toFixed(2)]).toEqual(['0.73', '0.73']);
  expect(last.direct).toBeLessThan(1e-3);
  const range = last.range.map((share) => share.toFixed(2)).join(' to ');
  expect(prose('docs/derivation.md')).toContain(
    `the mean of f is still 0.73, and the direct path still multiplies by less than 10⁻³. But now ‖dc‖ after the first row is ${range} of that after the last in each of the first five test images (seed 1), and 0.57 on average over 20.`,
  );
  const { stdout } = runModule(`
    const { lineOf, reachAfter } = await import('./docs/learn/programs/reach.mjs');
    const lines = ${JSON.stringify([first, last])}.map(lineOf);
    console.log(JSON.stringify({ frames: await reachAfter([1]), lines }));`);
  const { frames: again, lines } = JSON.parse(stdout) as { frames: Frame[]; lines: string[] };
  expect(lines).toEqual([
    'after 1 step: ‖∂L/∂c‖ after the first row is 1% of that after the last; 3 of 20 images are classified correctly',
    'after 781 steps: ‖∂L/∂c‖ after the first row is 57% of that after the last; 20 of 20 images are classified correctly',
  ]);
  expect(prose('README.md')).toContain('`node docs/learn/programs/reach.mjs` prints these numbers');
  expect(again[0].correct).toBe(first.correct);
  again[0].shares.forEach((share, t) => expect(share / first.shares[t]).toBeCloseTo(1, 2));
});

test('every equation that a document of the site names by a number is in src with this number, and has a test of it', () => {
  const folders = ['equations', 'network', 'training', 'data'].map((folder) => `src/${folder}`);
  const sources = folders.flatMap((folder) => filesIn(folder, '.ts').map(read)).join('\n');
  const ofEquations = filesIn('test/equations', '.ts').filter((file) => /\/equations-|\/plain-rnn-eq/.test(file));
  const tests = ofEquations.map(read).join('\n');
  const [named, lettered] = [new Set<string>(), new Set<string>()];
  for (const document of documents) {
    const text = read(document).replace(/```[^]*?```/g, '');
    for (const [, equation] of text.matchAll(/(?<![\w)\]])\(([1-9]′?|1\d′?)\)/g)) named.add(equation);
    if (document.endsWith('learn/plain-rnn.md'))
      for (const [, letter] of text.matchAll(/\(([a-f]′?)\)/g)) lettered.add(letter);
  }
  expect(named.size).toBeGreaterThanOrEqual(24);
  expect(lettered.size).toBe(12);
  for (const equation of named) {
    expect(sources).toContain(`(${equation})`);
    expect(tests).toContain(`'(${equation})`);
  }
  const program = ['plain-rnn', 'every-step'].map((name) => read(`docs/learn/programs/${name}.mjs`)).join('\n');
  for (const letter of lettered) {
    expect(program).toContain(`(${letter})`);
    expect(tests).toContain(`(${letter}) `);
  }
});

test('the README counts the programs of docs/your-own.md, and names the rooms of src and the backends', () => {
  const count = read('docs/your-own.md').match(/^```js$/gm)!.length;
  const names = ['five', 'six', 'seven', 'eight', 'nine'];
  expect(prose('README.md')).toContain(`has ${names[count - 5]} more programs`);
  const [, drawn] = /lower ones: (core ←.*?) `kernels`/.exec(prose('README.md'))!;
  const roomsOf = (folder: string): string[] =>
    readdirSync(path.join(project, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  expect(drawn.split(/ ← |, /).sort()).toEqual(roomsOf('src').sort());
  for (const name of roomsOf('kernels')) expect(read('README.md')).toContain(`| \`${name}\``);
  expect(prose('README.md')).toContain('`kernels` has the four backends');
  expect(roomsOf('kernels')).toHaveLength(4);
});

test('the equations are under 370 lines', () => {
  const names = ['lstm', 'lstm-input', 'dense', 'cross-entropy', 'adam'];
  const equations = names.map((name) => read(`src/equations/${name}.ts`));
  const lines = equations.join('').split('\n').length;
  expect(prose('README.md')).toContain('under 370 lines together');
  expect(lines).toBeLessThan(370);
});

/** The formula of the memory as docs/scale.md words it. */
function numbersByFormula(network: NetworkConfig, sizes: BatchSizes): number {
  const { inputs, outputs: C, layers, inputKind } = network;
  const { T, B } = sizes;
  const top = widthOf(layers[layers.length - 1]);
  let [parameters, activations] = [(top + 1) * C, 0];
  for (const { I, H } of lstmsOf(network)) {
    parameters += (I + H + 1) * 4 * H;
    activations += B * H * (9 * T + 13);
  }
  const ofRow = (network.loss ?? 'crossEntropy') === 'crossEntropy' ? 3 * C + 2 : 4 * C + 1;
  activations += T * B * (inputKind === 'classes' ? 1 : inputs) + lossRows(network, sizes) * ofRow;
  if ((network.dropout ?? 0) > 0) for (const layer of layers.slice(0, -1)) activations += 3 * T * B * widthOf(layer);
  return 4 * parameters + activations;
}

const BOTH = { hidden: 5, bidirectional: true };

test.each<[number, number, NetworkConfig]>([
  [28, 128, { inputs: 28, layers: [{ hidden: 128 }], outputs: 10 }],
  [6, 2, { inputs: 7, layers: [BOTH, { hidden: 3 }], outputs: 4, inputKind: 'classes', dropout: 0.1 }],
  [9, 3, { inputs: 3, layers: [{ hidden: 4 }, { hidden: 2 }], outputs: 5, reads: 'every', loss: 'squaredError' }],
])('the formula of the memory in docs/scale.md holds for T %d, B %d, %j', (T, B, network) => {
  expect(numbersByFormula(network, { T, B })).toBe(elementCountOfTraining(network, { T, B }));
});

test('the table of docs/scale.md has the parameters and the memory of its runs', () => {
  const rows = [...read('docs/scale.md').matchAll(/^\| `longhand train(.*?)` +\| +([\d,]+) \| +(\d+) MB \|/gm)];
  expect(rows).toHaveLength(5);
  for (const [, flags, parameters, megabytes] of rows) {
    const flag = (name: string): string | undefined => new RegExp(`--${name} (\\S+)`).exec(flags)?.[1];
    const isPixels = flag('task') === 'pixels';
    const task = isPixels ? taskOf({ task: 'pixels', permute: false, rare: 0 }).options : {};
    const { hidden, batchSize: B } = { ...TUTORIAL, ...task };
    const layer = { hidden: Number(flag('hidden') ?? hidden), bidirectional: flags.includes('--bidirectional') };
    const network = {
      inputs: isPixels ? 1 : 28,
      layers: Array.from({ length: Number(flag('layers') ?? 1) }, () => layer),
      outputs: 10,
      dropout: Number(flag('dropout') ?? 0),
    };
    const bytes = 4 * elementCountOfTraining(network, { T: isPixels ? 784 : 28, B });
    expect([flags, parameters, megabytes]).toEqual([
      flags,
      elementCountOfParameters(network).toLocaleString('en'),
      (bytes / 1e6).toFixed(0),
    ]);
  }
});
