/** The plain RNN of docs/learn/plain-rnn.md: its gradients, its training, and the figures that the chapter quotes. */
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chapter, differences, outputOf, placeOf, read } from '../helpers/chapter.js';
import { directoryOf } from '../helpers/temporary-directories.js';

const { page, says, ask } = chapter('plain-rnn', {
  'plain-rnn.mjs': ['backward', 'crossEntropy', 'forward', 'matrix'],
  'random-rnn.mjs': ['gradientsOf', 'newParameters', 'normOf', 'randomNumbers', 'whichCameFirst'],
  'gradient-norms.mjs': ['drawn', 'DRAWN_RADIUS', 'gradientNorms', 'networkOf', 'RADII', 'spectralRadius'],
});
const program = read('plain-rnn.mjs');
const everyStep = read('every-step.mjs');

test('what the text says about these runs', () => {
  const outputs = [...page.matchAll(/norm of dh\[0\] \/ norm of dh\[\d+\]: (\S+)/g)].map(([, ratio]) => Number(ratio));
  says(`the norm of dh[0] is ${(100 * outputs[0]).toFixed(1)}% of the norm of dh[8]`);
  expect(page).toContain('update 100: loss 0.1624, 56 of 56 correct'); // “After 100 updates every answer is correct”
  const counts = [
    ...page
      .split('$ node docs/learn/programs/which-came-first.mjs\n')[1]
      .split('```')[0]
      .matchAll(/: (\d+) gradients/g),
  ].map(([, count]) => Number(count));
  says(`for all ${counts.join(' + ')} = ${counts.reduce((sum, count) => sum + count)} parameters`);
  expect(Math.log(2).toFixed(4)).toBe('0.6931');
});

/** The update of the chapter: each weight moves by -0.2 times its gradient. */
const MOVE_AGAINST = `
  function moveAgainst(gradients, parameters) {
    for (const [name, rows] of Object.entries(parameters))
      rows.forEach((row, r) => row.forEach((_, c) => (row[c] -= 0.2 * gradients[name][r][c])));
  }`;

test('the planted mistake changes the three gradients that the page names', async () => {
  const mistake = ' * (1 - h[t + 1][b][n] ** 2)';
  expect(page).toContain(`\`${mistake.trim()}\``);
  const place = directoryOf();
  for (const file of ['which-came-first.mjs', 'random-rnn.mjs']) copyFileSync(placeOf(file), path.join(place, file));
  writeFileSync(path.join(place, 'plain-rnn.mjs'), program.replace(mistake, ''));
  const { Wx, Wh, bias, Wy, biasY } = differences(outputOf('which-came-first.mjs', [], place));
  expect([Wx, Wh, bias].sort()).toEqual([0.003, 0.003, 0.005]);
  says('about 0.003 to 0.005');
  expect(Math.max(Wy, biasY)).toBeLessThan(1e-9);
  // “The training then ends with a loss of NaN”
  const { ratio, sizes, loss } = (await ask(`
    const mistaken = await import('${path.join(place, 'random-rnn.mjs')}');
    const { x, labels } = whichCameFirst(8);
    const parameters = newParameters({ I: 3, H: 5, C: 2 }, randomNumbers(2));
    const gradientsOfMistake = (updates) => {
      for (let update = 0; update < updates; update++)
        moveAgainst(mistaken.gradientsOf(x, labels, parameters).gradients, parameters);
      return mistaken.gradientsOf(x, labels, parameters);
    };
    const { dh } = gradientsOfMistake(80);
    const ratio = normOf(dh[0]) / normOf(dh[8]);
    const sizes = [5, 1, 1].map((updates) => {
      const { gradients } = gradientsOfMistake(updates);
      return [parameters.Wh, gradients.Wh].map((rows) => String(normOf(rows)));
    });
    return { ratio, sizes, loss: String(gradientsOfMistake(1).loss) };
    ${MOVE_AGAINST}`)) as { ratio: number; sizes: string[][]; loss: string };
  says(`the wrong dh[0] is ${ratio.toFixed(1)} times as large as dh[8]`);
  // “After 85 updates the norm of Wh is 5,000, after 86 it is 10²¹, and after 87 the gradient has left the range of the numbers”
  const [after85, after86, after87] = sizes;
  expect([Number(after85[0]).toPrecision(1), Number(after86[0]).toExponential(0)]).toEqual(['5e+3', '1e+21']);
  expect([Number.isFinite(Number(after86[1])), after87[1]]).toEqual([true, 'NaN']);
  expect(loss).toBe('NaN');
});

test('the one-sided quotient has the larger error that the page says', async () => {
  const [oneSided, twoSided, ...byDelta] = (await ask(`
    const { x, labels } = whichCameFirst(8);
    const parameters = newParameters({ I: 3, H: 5, C: 2 }, randomNumbers(2));
    const { gradients } = gradientsOf(x, labels, parameters);
    const lossOf = () => crossEntropy(forward(x, parameters).logits, labels).loss;
    const differences = Object.entries(parameters).flatMap(([name, rows]) =>
      rows.flatMap((row, r) =>
        [...row].map((w, c) => {
          const lossAt = (value) => ((row[c] = value), lossOf());
          const [here, below, ...above] = [w, w - 1e-5, ...[1e-5, 6e-9, 6e-8, 6e-7].map((delta) => w + delta)].map(lossAt);
          row[c] = w;
          const oneSided = [1e-5, 6e-9, 6e-8, 6e-7].map((delta, n) => (above[n] - here) / delta);
          return [oneSided[0], (above[0] - below) / 2e-5, ...oneSided.slice(1)].map((numeric) =>
            Math.abs(numeric - gradients[name][r][c]),
          );
        }),
      ),
    );
    return [0, 1, 2, 3, 4].map((n) => Math.max(...differences.map((both) => both[n])));`)) as number[];
  says('gradients below is 1·10⁻⁶, and that of the two-sided quotient is 2·10⁻¹¹');
  expect(oneSided.toExponential(0)).toBe('1e-6');
  expect(twoSided).toBeLessThan(1e-10); // its digits are those of rounding
  says('near δ = 6·10⁻⁸, where its error is still about 10⁻⁸');
  const [smaller, best, larger] = byDelta;
  expect([best > 5e-9 && best < 2e-8, smaller > 3 * best, larger > 3 * best]).toEqual([true, true, true]);
});

test('the page shows the lines of the program, which has as many lines of code as the page says', () => {
  const blocks = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code.trimEnd());
  expect(blocks).toHaveLength(3);
  const shown = blocks.map((block) => block.replace(/^/gm, '  '));
  for (const block of shown.slice(0, 2)) expect(program).toContain(block);
  // “one line is new”: without it, the third loop is the second one
  expect(everyStep).toContain(shown[2]);
  const lines = shown[2].split('\n');
  expect(lines.filter((line) => !line.includes('(f′)')).join('\n')).toBe(shown[1]);
  expect(lines).toHaveLength(shown[1].split('\n').length + 1);
  const code = program
    .replace(/\/\*\*[\s\S]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//'));
  says(`${code.length} lines of code without a library`);
  expect(program).not.toMatch(/\bimport\b/);
});

test('the page derives every equation that the program marks, and links to its lines', () => {
  const letters = ['(a)', '(b)', '(c)', '(d)', '(d′)', '(c′)', '(b′)', '(a′)', '(e)', '(e′)'];
  const linked = [...page.matchAll(/^\[(\([a-e]′?\))\]\(programs\/plain-rnn\.mjs#L\d+/gm)];
  expect(linked.map(([, letter]) => letter)).toEqual(letters);
  for (const letter of letters) expect(program).toContain(letter === '(d)' ? `/** ${letter}` : `// ${letter}`);
  const others = [...page.matchAll(/^\[(\(f′?\))\]\(programs\/every-step\.mjs#L\d+/gm)].map(([, letter]) => letter);
  expect(others).toEqual(['(f)', '(f′)']);
  for (const letter of others) expect(everyStep).toContain(`// ${letter}`);
});

test('dh of each row is dh of the next row times diag(1-h²)·Whᵀ, and this is the numeric derivative of a step', async () => {
  const { product, numeric } = (await ask(`
    const H = 3;
    const random = randomNumbers(9);
    const parameters = newParameters({ I: 2, H, C: 2 }, random);
    const x = Array.from({ length: 4 }, () => matrix(1, 2, () => random()));
    const { h, dh } = gradientsOf(x, [1], parameters);
    const { Wx, Wh } = parameters;
    // row m, column n: the derivative of h[T][n] with respect to hPrev[m] is the transpose of the Jacobian's element
    const jacobian = (row) => matrix(H, H, (n, m) => (1 - row[n] ** 2) * Wh[m][n]);
    const times = (row, matrix) => matrix[0].map((_, m) => row.reduce((sum, value, n) => sum + value * matrix[n][m], 0));
    let row = dh[4][0];
    for (let t = 4; t > 0; t--) row = times(row, jacobian(h[t][0]));
    const stepOf = (hPrev) => Float64Array.from({ length: H }, (_, n) => Math.tanh(
      x[3][0].reduce((sum, value, k) => sum + value * Wx[k][n], 0) + hPrev.reduce((sum, value, m) => sum + value * Wh[m][n], 0)));
    const moved = (m, delta) => stepOf(h[3][0].map((value, n) => value + (n === m ? delta : 0)));
    const measured = matrix(H, H, (n, m) => (moved(m, 1e-5)[n] - moved(m, -1e-5)[n]) / 2e-5);
    const J = jacobian(h[4][0]);
    return {
      product: Math.max(...row.map((value, n) => Math.abs(value - dh[0][0][n]))),
      numeric: Math.max(...J.flatMap((line, n) => [...line].map((value, m) => Math.abs(value - measured[n][m])))),
    };`)) as { product: number; numeric: number };
  expect(product).toBeLessThan(1e-15);
  expect(numeric).toBeLessThan(1e-9);
});

type Curve = Readonly<Record<'radius' | 'measuredRadius' | 'after28' | 'after784' | 'share', number>>;

const curves = (await ask(`
  return RADII.map((radius) => {
    const long = gradientNorms(radius, 784);
    return { radius, measuredRadius: spectralRadius(networkOf(radius).Wh), share: long.share,
      after28: gradientNorms(radius, 28).norms[28], after784: long.norms[784] };
  });`)) as Curve[];

test('the table has the computed norms', () => {
  const found = [...page.matchAll(/^\| ([\d.]+) +\| (\S+) +\| (\S+) +\| (\S+) +\|$/gm)];
  const rows = found.map(([, ...cells]) => cells.map(Number));
  expect(rows.map(([radius]) => radius)).toEqual(curves.map(({ radius }) => radius));
  const digits = (value: number): string => value.toExponential(1);
  expect(page.match(/\d\.\de[+-]\d+(?= +\|)/g)).toEqual(
    curves.flatMap(({ after28, after784 }) => [digits(after28), digits(after784)]),
  );
  expect(rows.map((row) => row[3].toFixed(2))).toEqual(curves.map(({ share }) => share.toFixed(2)));
  // the picture's alternative text
  const exponents = curves.map(({ after784 }) => Math.round(Math.log10(after784)));
  expect(exponents).toEqual([-137, -9, 32]);
  says('about 10⁻¹³⁷, 10⁻⁹ and 10³²');
  says('about 10⁻⁵ for spectral radius 0.8, about 1 for 1.5 and about 60 for 2');
});

test('the factor of a step: the radius times the mean of 1 - h² is not it, but the root mean square times ‖Wh‖/√H nearly is', async () => {
  const [square, size] = (await ask(`
    const random = randomNumbers(7);
    const x = Array.from({ length: 784 }, () => matrix(1, 3, () => random()));
    const network = networkOf(2);
    const squares = gradientsOf(x, [0], network).h.slice(1).flatMap(([row]) => [...row].map((value) => (1 - value ** 2) ** 2));
    return [Math.sqrt(squares.reduce((sum, value) => sum + value) / squares.length), normOf(network.Wh) / 8];`)) as number[];
  const { after784, share } = curves[2];
  says(
    `For radius 2 this product is ${(2 * share).toFixed(2)}, but the norm grows by ${(after784 ** (1 / 784)).toFixed(2)} a step`,
    `the root of the mean square of 1 - h² counts, which is ${square.toFixed(2)},`,
    `So the factor is about ‖Wh‖/√H = ${size.toFixed(2)}.`,
    `Unrounded, the product of both is ${(square * size).toFixed(2)}.`,
  );
});

test('under Wh alone, the row turns in a plane, and its norm changes by the radius on average', async () => {
  const { cosines, growth } = (await ask(`
    const { Wh } = networkOf(2);
    const times = (row) => Wh.map((weights) => weights.reduce((sum, value, k) => sum + value * row[k], 0));
    const cosines = [];
    let [row, growth] = [Array.from({ length: 64 }, (_, k) => k + 1), 0];
    for (let n = 0; n < 1000; n++) {
      const next = times(row);
      const [before, after] = [Math.hypot(...row), Math.hypot(...next)];
      if (n >= 200) {
        cosines.push(row.reduce((sum, value, k) => sum + value * next[k], 0) / before / after);
        growth += Math.log(after / before) / 800;
      }
      row = next.map((value) => value / after);
    }
    return { cosines, growth: Math.exp(growth) };`)) as { cosines: number[]; growth: number };
  says(`is then between ${Math.min(...cosines).toFixed(2)} and ${Math.max(...cosines).toFixed(2)}`);
  expect(growth).toBeCloseTo(2, 2);
});

test('single steps of the curve for 2 differ', async () => {
  const { norms } = (await ask('return gradientNorms(2, 784);')) as { norms: number[] };
  const factors = norms.slice(1).map((norm, k) => norm / norms[k]);
  says(`in the 784 steps with 2, from ${Math.min(...factors).toFixed(2)} to ${Math.max(...factors).toFixed(2)}.`);
});

test('a change in the 16th digit of the spectral radius changes only the exploding norm', async () => {
  const question = 'return RADII.map((radius) => gradientNorms(radius * (1 + 1e-15), 784).norms[784]);';
  const changed = (await ask(question)) as number[];
  changed.slice(0, 2).forEach((norm, n) => expect(norm / curves[n].after784).toBeCloseTo(1, 9));
  const [before, after] = (await ask(
    'return [2, 2 * (1 + 1e-15)].map((radius) => gradientNorms(radius, 28).norms[28]);',
  )) as number[];
  expect(after / before).toBeCloseTo(1, 9); // “and that after 28 steps”
  const digits = [changed[2], curves[2].after784].map((norm) => norm.toExponential(1));
  says(`becomes ${digits[0]} instead of ${digits[1]}`);
});

test('spectralRadius: of a rotation times 3, of a triangle, and of the scaled networks', async () => {
  const [rotation, triangle] = (await ask(`
    const [c, s] = [3 * Math.cos(1), 3 * Math.sin(1)];
    const matrices = [[[c, -s], [s, c]], [[0.5, 7, 1], [0, -2, 9], [0, 0, 1]]];
    return matrices.map((rows) => spectralRadius(rows.map((row) => Float64Array.from(row))));`)) as number[];
  expect(rotation).toBeCloseTo(3, 5);
  expect(triangle).toBeCloseTo(2, 4);
  for (const { radius, measuredRadius } of curves) expect(measuredRadius).toBeCloseTo(radius, 10);
  const [computed, constant] = (await ask('return [spectralRadius(drawn().Wh), DRAWN_RADIUS];')) as number[];
  expect(computed).toBe(constant);
});

test('the plain numbers of the text', () => {
  expect([0.6 ** 28, 1.1 ** 784].map((value) => value.toExponential(0))).toEqual(['6e-7', '3e+32']);
  says('If each is 0.6, then 28 of them multiply to 6·10⁻⁷. If each is 1.1, then 784 of them multiply to 3·10³².');
  expect(Math.fround(1.4e-45)).toBeGreaterThan(0);
  expect(Math.fround(0.7e-45)).toBe(0);
  says('8·7 = 56');
});
