/** Replaces `<!-- equations -->` by the equations, rendered by KaTeX, and the lines of src/equations/lstm.ts that compute them. */
import katex from 'katex';
import type { Plugin } from 'vite';
import { EQUATIONS } from '../equations.js';
import { escapeHtml } from './html.js';
import { DERIVATION_FILE, equationLines, LSTM_FILE, readLstm } from './source.js';

const STYLES = 'virtual:equation-styles.css';

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
    transformIndexHtml: (html) => html.replace('<!-- equations -->', () => allEquations(classes)),
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
