/** What the build makes of src/equations/lstm.ts: the equations of index.html with their lines, and the cells with each planted mistake. */
import katex from 'katex';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { PLANTED_MISTAKES } from '../common.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));

const LSTM_FILE = path.join(project, 'src/equations/lstm.ts');
const LIST_FILE = path.join(project, 'src/mistakes/planted-mistakes.mjs');
const DERIVATION_FILE = path.join(project, 'docs/derivation.md');

const readLstm = (): string => readFileSync(LSTM_FILE, 'utf8');

/** The first and last line (counted from 1) of each equation in src/equations/lstm.ts, from the links in docs/derivation.md: `4′` → [89, 93]. */
function equationLines(): Map<string, readonly [number, number]> {
  const links = readFileSync(DERIVATION_FILE, 'utf8').matchAll(
    /\[\((\d′?)\)\]\(\.\.\/src\/equations\/lstm\.ts#L(\d+)-L(\d+)\)/g,
  );
  return new Map([...links].map(([, equation, first, last]) => [equation, [Number(first), Number(last)]]));
}

const STYLES = 'virtual:equation-styles.css';

/** Replaces `<!-- equations -->` by the equations, rendered by KaTeX, and the lines of src/equations/lstm.ts that compute them. */
export function equationsInPage(): Plugin {
  const classes = new Map<string, string>();
  return {
    name: 'equations-in-page',
    resolveId: (id) => (id === STYLES ? `\0${STYLES}` : null),
    load(id) {
      if (id !== `\0${STYLES}`) return null;
      this.addWatchFile(LSTM_FILE);
      this.addWatchFile(DERIVATION_FILE);
      allEquations(classes); // fills `classes`
      return [...classes].map(([style, name]) => `.katex .${name}.${name}.${name}{${style}}`).join('\n');
    },
    // index.html is indented for its readers; its only `pre` is empty
    transformIndexHtml: (html) =>
      html.replace(/\n\s+/g, '\n').replace('<!-- equations -->', () => allEquations(classes)),
  };
}

function allEquations(classes: Map<string, string>): string {
  const lines = readLstm().split('\n');
  const ranges = equationLines();
  const articles = EQUATIONS.map(({ number, latex, words }) => {
    const [first, last] = ranges.get(number) ?? missing(number);
    const formulas = latex.map((formula) => katex.renderToString(formula, { displayMode: true, throwOnError: true }));
    return `
<article class="equation" data-equation="${number}" aria-label="Equation ${number}">
  <header><span class="number">(${number})</span><div class="formulas" tabindex="0">${formulas.join('')}</div></header>
  <p>${words}</p>
  <pre class="source" tabindex="0" aria-label="src/equations/lstm.ts, lines ${first} to ${last}"><code>${source(lines, first, last)}</code></pre>
</article>`;
  });
  return withoutInlineStyles(articles.join('\n'), classes);
}

function missing(number: string): never {
  throw new Error(`equation (${number}): docs/derivation.md does not link it to lines of src/equations/lstm.ts`);
}

/** The lines with their numbers, without the indentation that they share. */
function source(lines: readonly string[], first: number, last: number): string {
  const shown = lines.slice(first - 1, last);
  const indentation = Math.min(...shown.filter((line) => line !== '').map((line) => line.search(/\S/)));
  return shown
    .map((line, n) => {
      const [, code, comment] = /^(.*?)(\/\/.*)?$/.exec(line.slice(indentation)) ?? [];
      const dimmed = comment ? `<span class="comment">${escapeHtml(comment)}</span>` : '';
      return `<span class="line"><span class="line-number">${first + n}</span>${escapeHtml(code)}${dimmed}</span>`;
    })
    .join('\n');
}

/** The Content-Security-Policy forbids style attributes: each becomes a class. */
function withoutInlineStyles(html: string, classes: Map<string, string>): string {
  return html.replace(/<(\w+)([^>]*?) style="([^"]*)"([^>]*)>/g, (_, tag, before, style, after) => {
    const name = classes.get(style as string) ?? `k${classes.size}`;
    classes.set(style as string, name);
    const attributes = `${before as string}${after as string}`;
    const classed = attributes.includes('class="')
      ? attributes.replace('class="', `class="${name} `)
      : `${attributes} class="${name}"`;
    return `<${tag as string}${classed}>`;
  });
}

interface Equation {
  /** As in src/equations/lstm.ts: `4′`. */
  readonly number: string;
  readonly latex: readonly string[];
  /** HTML. */
  readonly words: string;
}

const EQUATIONS: readonly Equation[] = [
  {
    number: '1',
    latex: ['z = x\\,W_x + h_{t-1}W_h + b'],
    words: 'Combine the input with the past: x is the current row, or the states of the layer below.',
  },
  {
    number: '2',
    latex: ['i,\\,f,\\,o = \\sigma(z_i),\\ \\sigma(z_f + \\text{forget bias}),\\ \\sigma(z_o)', 'j = \\tanh(z_j)'],
    words: 'Compute the gates: i sets how much to add, f how much to keep, o how much to show. j is the candidate.',
  },
  {
    number: '3',
    latex: ['c_t = f \\odot c_{t-1} + i \\odot j'],
    words: 'Keep part of the old cell state, and add part of the candidate.',
  },
  { number: '4', latex: ['h_t = o \\odot \\tanh(c_t)'], words: 'Show part of the cell state.' },
  {
    number: '4′',
    latex: [
      '\\mathrm{d}o = \\mathrm{d}h \\odot \\tanh(c)',
      '\\mathrm{d}c \\mathrel{+}= \\mathrm{d}h \\odot o \\odot (1-\\tanh^2 c)',
    ],
    words: 'c is used twice, by h and by the next c: two gradients add up.',
  },
  {
    number: '3′',
    latex: [
      '\\mathrm{d}i = \\mathrm{d}c \\odot j,\\quad \\mathrm{d}j = \\mathrm{d}c \\odot i,\\quad \\mathrm{d}f = \\mathrm{d}c \\odot c_{t-1}',
      '\\mathrm{d}c_{t-1} \\mathrel{+}= \\mathrm{d}c \\odot f',
    ],
    words:
      'On the direct path from cell to cell, the gradient is multiplied by f. If f is near 1, the gradient hardly shrinks.',
  },
  {
    number: '2′',
    latex: [
      '\\mathrm{d}z_g = \\mathrm{d}g \\odot g \\odot (1-g) \\quad\\text{for } g = i, f, o',
      '\\mathrm{d}z_j = \\mathrm{d}j \\odot (1-j^2)',
    ],
    words: 'σ′ and tanh′ can be computed from the outputs of σ and tanh.',
  },
  {
    number: '1′',
    latex: [
      '\\mathrm{d}h_{t-1} \\mathrel{+}= \\mathrm{d}z\\,W_h^{\\top},\\quad \\mathrm{d}x \\mathrel{+}= \\mathrm{d}z\\,W_x^{\\top}',
      '\\mathrm{d}W_h \\mathrel{+}= h_{t-1}^{\\top}\\,\\mathrm{d}z,\\quad \\mathrm{d}W_x \\mathrel{+}= x^{\\top}\\,\\mathrm{d}z,\\quad \\mathrm{d}b \\mathrel{+}= \\textstyle\\sum \\mathrm{d}z',
    ],
    words:
      'If Y = A·B, then dA = dY·B<sup>T</sup> and dB = A<sup>T</sup>·dY. The parameters add up the gradients of all rows.',
  },
];

const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const NAME = 'virtual:planted-mistakes';
const QUERY = '?mistake=';

/**
 * `virtual:planted-mistakes`: for every mistake that the page offers, the operations of a src/equations/lstm.ts with that mistake. The list in the page holds only the mistakes that it offers.
 */
export function plantedMistakes(): Plugin {
  return {
    name: 'planted-mistakes',
    enforce: 'pre',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : id.startsWith(LSTM_FILE + QUERY) ? id : null),
    load(id) {
      if (id === `\0${NAME}`) return allMistakes();
      if (id === LIST_FILE) return `export const PLANTED_MISTAKES = ${JSON.stringify(PLANTED_MISTAKES)};`;
      if (!id.startsWith(LSTM_FILE + QUERY)) return null;
      this.addWatchFile(LSTM_FILE);
      return lstmWith(Number(id.slice((LSTM_FILE + QUERY).length)));
    },
  };
}

function allMistakes(): string {
  const imports = PLANTED_MISTAKES.map(
    (_, n) =>
      `import { lstmCellForward as forward${n}, lstmCellBackward as backward${n} } from '${LSTM_FILE}${QUERY}${n}';`,
  );
  const entries = PLANTED_MISTAKES.map(
    ({ id }, n) => `'${id}': { lstmCellForward: forward${n}, lstmCellBackward: backward${n} },`,
  );
  return `${imports.join('\n')}\nexport default {\n${entries.join('\n')}\n};\n`;
}

/** src/equations/lstm.ts with mistake n. Throws an Error if src/equations/lstm.ts does not have the right line exactly once. */
function lstmWith(n: number): string {
  const { id, right, wrong } = PLANTED_MISTAKES[n];
  const parts = readLstm().split(right);
  if (parts.length !== 2)
    throw new Error(`mistake ${id}: src/equations/lstm.ts has “${right}” ${parts.length - 1} times`);
  return parts.join(wrong);
}
