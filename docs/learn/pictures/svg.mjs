/** What the pictures of the chapters share: colours, boxes, arrows. A picture is a text of SVG. */

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
