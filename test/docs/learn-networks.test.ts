/** docs/learn/networks.md: its experiments print what the chapter quotes, and the engine's steps are those of the pictures. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runModule } from '../helpers/run-module.js';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../docs/learn/${name}`, import.meta.url));
const page = readFileSync(fileOf('networks.md'), 'utf8');
const prose = page.replace(/\s+/g, ' ');

const { stdout, stderr } = spawnSync(process.execPath, [fileOf('networks.mjs')], { encoding: 'utf8' });
const quoted = [...page.matchAll(/```\n([\s\S]*?)```/g)].map(([, block]) => block);
const printed = stdout.split(/^(?=\S)/m);

test('the chapter quotes what the experiments print', () => {
  expect(stderr).toBe('');
  expect(quoted).toEqual(printed); // one thread and the portable build: the same digits on every computer
});

test('what the text says about the experiments', () => {
  const bits = [...printed[0].matchAll(/: ([\d.]+)$/gm)].map(([, number]) => Number(number));
  expect(bits).toHaveLength(3);
  expect(Math.min(...bits)).toBe(bits[2]); // “the wider layer is best here”
  expect(bits[1]).toBeGreaterThan(bits[0]); // “a second layer did not help”
  const accuracies = [...printed[1].matchAll(/accuracy ([\d.]+)$/gm)].map(([, number]) => Number(number));
  expect(accuracies).toEqual([0.54, 1]);
  expect(((11 / 2 + 1) / 12).toFixed(2)).toBe('0.54');
  expect(prose).toContain('(11·½ + 1)/12 = 0.54');
  expect([...printed[2].matchAll(/difference (\S+)$/gm)].map(([, number]) => Number(number))).toEqual([0, 0, 0]);
});

test('the numbers beyond an end are NaN in the experiment with lengths, and without lengths they reach the loss', () => {
  const { stdout: text } = runModule(`
    const { Network, Random, tensorFrom } = await import('longhand');
    const { createReferenceBackend } = await import('longhand/reference');
    const network = new Network(createReferenceBackend(), { inputs: 1, layers: [{ hidden: 2 }], outputs: 2 }, { T: 2, B: 2 });
    network.initialise(new Random(1));
    const x = tensorFrom([1, 1, 1, NaN], [2, 2, 1]);
    for (const lengths of [[2, 1], [2, 2]]) {
      network.setBatch({ x, labels: [0, 1], lengths });
      network.forward();
      console.log(Number.isNaN((await network.metrics()).loss));
    }`);
  expect(text).toBe('false\ntrue\n');
  expect(readFileSync(fileOf('networks.mjs'), 'utf8')).toContain('x.set(t, b, k, NaN)');
});

test('the pictures are those that the program draws', () => {
  const { stdout: drawn, stderr: errors } = runModule(`
    const { PICTURES } = await import('./docs/learn/pictures.mjs');
    console.log(JSON.stringify(['networks.svg', 'lengths.svg'].map((name) => PICTURES[name]())));`);
  expect(errors).toBe('');
  expect(JSON.parse(drawn)).toEqual(['networks.svg', 'lengths.svg'].map((name) => readFileSync(fileOf(name), 'utf8')));
});

test('the picture of lengths has the numbers of its text alternative', () => {
  const picture = readFileSync(fileOf('lengths.svg'), 'utf8');
  expect(picture.match(/>runs</g)).toHaveLength(2 * (5 + 3 + 2));
  expect(picture.match(/>keeps</g)).toHaveLength(2 * (2 + 3));
  expect(prose).toContain('B_t is 3, 3, 2, 1, 1.');
  const rows = [...readFileSync(fileOf('networks.svg'), 'utf8').matchAll(/>h row (\d)</g)].map(([, row]) =>
    Number(row),
  );
  const [forward, reverse] = [
    [1, 2, 3, 4],
    [3, 2, 1, 0],
  ];
  expect(rows).toEqual([...forward, ...reverse, ...forward, ...reverse]);
});
