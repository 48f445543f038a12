/** What the pictures of the chapters share: colours, boxes, arrows, and numbers. A picture is a text of SVG. */

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

/** A whole picture: its size, its title for screen readers, and its parts (nested lists of SVG). */
export const picture = (width, height, title, parts) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
<title>${title}</title>
${STYLE}
<rect width="${width}" height="${height}" rx="8" fill="var(--back)"/>
${parts.flat(Infinity).join('\n')}
</svg>
`;

/** Text at (x, y). `of`: a class of STYLE; `anchor`: start, middle or end. */
export const text = (x, y, content, { of = '', anchor = 'start' } = {}) =>
  `<text x="${x}" y="${y}"${of && ` class="${of}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${content}</text>`;

/** A box with its middle at (x, y): a name, and a line below it. */
export const box = (x, y, name, label, { width = 92, height = 48 } = {}) => [
  `<rect class="line" x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}" rx="6" style="fill: var(--fill)"/>`,
  text(x, y - 3, name, { anchor: 'middle' }),
  text(x, y + 15, label, { of: 'quiet', anchor: 'middle' }),
];

/** A line along `path` with a head at its end. `of`: first, second, third or grey. The picture needs `heads(of)`. */
export const arrow = (path, of) => `<path class="${of}" stroke-width="2" marker-end="url(#${of})" d="${path}"/>`;

/** The heads of the arrows, once a picture. */
export const heads = (...classes) =>
  `<defs>${classes.map((of) => `<marker id="${of}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto"><path d="M0 0L8 4L0 8z" style="fill: var(--${of === 'grey' ? 'quiet' : of}); stroke: none"/></marker>`).join('')}</defs>`;

/** Numbers as the pictures write them: with a minus sign, not a hyphen. @param {string} text */
const withMinus = (text) => text.replace('-', '−');

/** With four digits; a small number with its power of ten. @param {number} value */
export function number(value) {
  const isSmall = value !== 0 && Math.abs(value) < 5e-4;
  if (!isSmall) return withMinus(value.toFixed(4));
  const [factor, power] = value.toExponential(1).split('e-');
  return withMinus(`${factor}·10⁻${[...power].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')}`);
}

/** A number that was given: with the digits that it has, at most four. @param {number} value */
export const given = (value) => withMinus(String(Number(value.toFixed(4))));

/** With two digits; a large number with one. @param {number} value */
export const short = (value) => withMinus(value.toFixed(Math.abs(value) < 9.995 ? 2 : 1));

/** A factor or a term behind a sign. @param {string} text */
export const next = (text) => (text.startsWith('−') ? `(${text})` : text);

/** A part of 1: 58.2%, or 8.3·10⁻⁵. @param {number} part */
export const partOf = (part) => (part < 5e-4 ? number(part) : `${Number((100 * part).toPrecision(3))}%`);
