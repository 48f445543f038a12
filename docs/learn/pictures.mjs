/**
 * Draws the pictures of the chapters, from the functions that compute their numbers.
 *
 *     node docs/learn/pictures.mjs
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { valuesOfTheEngine } from './by-hand.mjs';
import { gradientNorms, RADII } from './gradient-norms.mjs';

/** The colours follow the reader's setting, light or dark. Each picture has a background of its own. */
const STYLE = `<style>
  svg { --back: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --fill: #f6f8fa; --first: #0550ae; --second: #bc4c00; --third: #116329; }
  @media (prefers-color-scheme: dark) {
    svg { --back: #0d1117; --ink: #f0f6fc; --quiet: #9198a1; --line: #3d444d; --fill: #151b23; --first: #79c0ff; --second: #ffa657; --third: #7ee787; }
  }
  text { fill: var(--ink); font: 13px system-ui, sans-serif; }
  .quiet { fill: var(--quiet); }
  .line { stroke: var(--line); fill: none; } .grey { stroke: var(--quiet); fill: none; }
  .first { stroke: var(--first); fill: none; } .second { stroke: var(--second); fill: none; } .third { stroke: var(--third); fill: none; }
  text.first { fill: var(--first); stroke: none; } text.second { fill: var(--second); stroke: none; } text.third { fill: var(--third); stroke: none; }
</style>`;

const picture = (width, height, title, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
<title>${title}</title>
${STYLE}
<rect width="${width}" height="${height}" rx="8" fill="var(--back)"/>
${parts.flat(Infinity).join('\n')}
</svg>
`;

const text = (x, y, content, { of = '', anchor = 'start' } = {}) =>
  `<text x="${x}" y="${y}"${of && ` class="${of}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${content}</text>`;

// ── The norm of dh ──

const superscript = (n) => [...String(n)].map((digit) => (digit === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[digit])).join('');
const CLASSES = ['first', 'second', 'third'];
const DASHES = ['', '8 4', '2 4'];

/** One diagram: T steps to the right, powers of ten upward. */
function diagram(x, T, { low, high, every }) {
  const [y, width, height] = [56, 270, 260];
  const across = (k) => (x + (width * k) / T).toFixed(1);
  const up = (log) => (y + (height * (high - log)) / (high - low)).toFixed(1);
  const powers = [];
  for (let log = low; log <= high; log += every) powers.push(log);
  return [
    text(x, y - 22, `${T} steps`),
    powers.map((log) => [
      `<path class="line" d="M${x} ${up(log)}h${width}"${log === 0 ? ' stroke-width="2"' : ''}/>`,
      text(x - 8, Number(up(log)) + 4, log === 0 ? '1' : `10${superscript(log)}`, { of: 'quiet', anchor: 'end' }),
    ]),
    [0, T / 4, T / 2, (3 * T) / 4, T].map((k) =>
      text(across(k), y + height + 20, k, { of: 'quiet', anchor: 'middle' }),
    ),
    text(x + width / 2, y + height + 40, 'steps back from the end', { of: 'quiet', anchor: 'middle' }),
    RADII.map((radius, n) => {
      const points = gradientNorms(radius, T).norms.map((norm, k) => `${across(k)} ${up(Math.log10(norm))}`);
      const drawn = points.filter((_, k) => k % Math.ceil(T / 200) === 0);
      const dash = DASHES[n] && ` stroke-dasharray="${DASHES[n]}"`;
      return `<path class="${CLASSES[n]}" stroke-width="2" stroke-linejoin="round"${dash} d="M${drawn.join('L')}"/>`;
    }),
  ];
}

export function normsPicture() {
  const legend = RADII.map((radius, n) => {
    const x = 62 + 215 * n;
    const dash = DASHES[n] && ` stroke-dasharray="${DASHES[n]}"`;
    return [
      `<path class="${CLASSES[n]}" stroke-width="2"${dash} d="M${x} 390h28"/>`,
      text(x + 36, 394, `spectral radius ${radius}`, { of: CLASSES[n] }),
    ];
  });
  return picture(720, 412, 'The norm of the gradient of h, divided by its norm at the end, on a logarithmic scale', [
    diagram(62, 28, { low: -6, high: 2, every: 2 }),
    diagram(420, 784, { low: -150, high: 50, every: 50 }),
    legend,
  ]);
}

// ── The two paths into dc₁ ──

export function pathsPicture() {
  const values = valuesOfTheEngine();
  const number = (name) => values[name].toFixed(4).replace('-', '−');
  const box = (x, y, name, label) => [
    `<rect class="line" x="${x - 46}" y="${y - 24}" width="92" height="48" rx="6" style="fill: var(--fill)"/>`,
    text(x, y - 3, name, { anchor: 'middle' }),
    text(x, y + 15, label, { of: 'quiet', anchor: 'middle' }),
  ];
  const arrow = (path, of) => `<path class="${of}" stroke-width="2" marker-end="url(#${of})" d="${path}"/>`;
  const head = (of) =>
    `<marker id="${of}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0L8 4L0 8z" style="fill: var(--${of === 'grey' ? 'quiet' : of}); stroke: none"/></marker>`;
  const [first, second, both] = ['first', 'second', 'grey'];
  return picture(720, 348, 'The two paths on which the gradient of the loss reaches the cell state after step 1', [
    `<defs>${head(first)}${head(second)}${head(both)}</defs>`,
    text(24, 30, 'The gradient moves from right to left, against the forward pass.', { of: 'quiet' }),
    // from the loss to both states
    arrow('M610 96H580', both),
    arrow('M488 96H440V250', both),
    // path through c₂
    arrow('M394 276H132', first),
    // path through h₁
    arrow('M488 84H380', second),
    arrow('M394 262H348V122', second),
    arrow('M286 96H218', second),
    arrow('M126 96H86V250', second),
    box(656, 96, 'L', number('L')),
    box(534, 96, 'dh₂', number('dh₂')),
    box(440, 276, 'dc₂', number('dc₂')),
    box(333, 96, 'dz₂', 'four gates'),
    box(172, 96, 'dh₁', number('dh₁')),
    box(86, 276, 'dc₁', number('dc₁')),
    text(595, 64, '(13′)', { of: 'quiet', anchor: 'middle' }),
    text(448, 190, '(4′)', { of: 'quiet' }),
    text(434, 76, '(4′), (2′)', { of: 'quiet', anchor: 'middle' }),
    text(340, 190, '(3′), (2′)', { of: 'quiet', anchor: 'end' }),
    text(252, 86, '(1′)', { of: 'quiet', anchor: 'middle' }),
    text(96, 176, `(4′)`, { of: 'quiet' }),
    text(96, 196, `dc₁[h₁] = ${number('dc₁[h₁]')}`, { of: second }),
    text(262, 300, `(3′) dc₁[c₂] = ${number('dc₁[c₂]')}`, { of: first, anchor: 'middle' }),
    text(24, 330, `dc₁ = ${number('dc₁[c₂]')} + (${number('dc₁[h₁]')}) = ${number('dc₁')}: both shares are added.`),
  ]);
}

export const PICTURES = { 'gradient-norms.svg': normsPicture, 'two-paths.svg': pathsPicture };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, draw] of Object.entries(PICTURES)) writeFileSync(new URL(name, import.meta.url), draw());
}
