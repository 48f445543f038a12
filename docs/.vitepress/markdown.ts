/** The documents are Markdown as on GitHub: its anchors, its links between files. And $…$ is mathematics. */
import { tex } from '@mdit/plugin-tex';
import katex from 'katex';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { MarkdownOptions } from 'vitepress';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { addressOf, project, rangesOf } from './source-pages.js';

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0];

/** A heading's anchor, as GitHub makes it: `The tutorial's steps` → `the-tutorials-steps`. */
export const slugify = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');

/** Links between files of the project become links between pages of the site. */
function projectLinks(md: MarkdownIt): void {
  md.core.ruler.push('project-links', ({ tokens, env }) => {
    const { realPath } = env as { realPath?: string };
    if (realPath === undefined) return;
    const document = path.relative(project, realPath).split(path.sep).join('/');
    for (const { children } of tokens)
      for (const token of children ?? []) {
        if (token.type !== 'link_open') continue;
        const address = addressOf(document, String(token.attrGet('href')));
        if (address !== undefined) token.attrSet('href', address);
      }
  });
}

/** “exercise 5 of [the exercises]” leads to the page of exercise 5, which GitHub does not have. */
function exerciseLinks(md: MarkdownIt): void {
  md.core.ruler.push('exercise-links', ({ tokens }) => {
    for (const { children } of tokens)
      children?.forEach((token, n) => {
        if (token.type !== 'link_open' || !String(token.attrGet('href')).endsWith('exercises/index.md')) return;
        const before = children.slice(0, n).map(({ type, content }) => (type === 'softbreak' ? ' ' : content));
        const [, number] = /xercise (\d+) of $/.exec(before.join('')) ?? [];
        const exercise = EXERCISES.find((one) => one.number === Number(number));
        if (exercise) token.attrSet('href', `/exercises/${fileNameOf(exercise)}`);
      });
  });
}

/** Who reads the site is on it: “On the site, you can …” becomes “You can …”. */
function onTheSite(md: MarkdownIt): void {
  md.core.ruler.push('on-the-site', ({ tokens }) => {
    for (const { children } of tokens)
      for (const token of children ?? [])
        if (token.type === 'text')
          token.content = token.content.replace(
            /(^|[.?!] )On the site,? (\p{L})/gu,
            (_, before: string, letter: string) => before + letter.toUpperCase(),
          );
  });
}

/** A chapter's last lines, “The code: …”, name its files and tests. On GitHub they stand open; here they are a box. */
function codeLinksInBox(md: MarkdownIt): void {
  md.core.ruler.push('code-links', (state) => {
    const box = (html: string) => Object.assign(new state.Token('html_block', '', 0), { content: html });
    state.tokens = state.tokens.flatMap((token, n, tokens) => {
      const isAbout = (inline: number): boolean => tokens[inline]?.content.startsWith('The code: ') ?? false;
      if (token.type === 'paragraph_open' && isAbout(n + 1))
        return [box('<details class="code-links"><summary>The code of this page, and its tests</summary>\n'), token];
      return token.type === 'paragraph_close' && isAbout(n - 1) ? [token, box('</details>\n')] : [token];
    });
  });
}

const mathematics = (md: MarkdownIt): void =>
  tex(md as never, {
    // VitePress declares an older markdown-it
    render: (formula, displayMode) => {
      const html = katex.renderToString(formula, { displayMode, throwOnError: true, strict: 'error' });
      // Vue must not read {{ in a formula. A wide formula scrolls, also by the keyboard.
      return displayMode ? `<p class="formula" tabindex="0" v-pre>${html}</p>` : `<span v-pre>${html}</span>`;
    },
  });

/** Several equations in one line stand apart by spaces: there the line can break, and only then within an equation: style/site.css. */
const inParts = (html: string): string =>
  html.replace(/^.*\S {3,}\S.*$/gm, (line) => line.replace(/\S+(?: {1,2}\S+)*/g, '<span class="part">$&</span>'));

/** A word that is wider than the page scrolls, also by the keyboard. */
function indentedBlocks(md: MarkdownIt): void {
  md.renderer.rules.code_block = (tokens, index) =>
    `<pre class="indented" tabindex="0" v-pre><code>${inParts(md.utils.escapeHtml(tokens[index].content))}</code></pre>\n`;
}

/** Up to this width, in pixels, a picture's text can be read when the picture fits a phone. */
const NARROW = 400;
const widthOf = (svg: string): number => Number(/viewBox="0 0 (\d+)/.exec(readFileSync(svg, 'utf8'))?.[1]);

/** A wide picture is not made smaller than its text can be read: it scrolls, also by the keyboard. */
function widePictures(md: MarkdownIt): void {
  const { image } = md.renderer.rules;
  md.renderer.rules.image = (tokens, index, options, env, self) => {
    const html = image ? image(tokens, index, options, env, self) : self.renderToken(tokens, index, options);
    const source = String(tokens[index].attrGet('src'));
    if (!source.endsWith('.svg')) return html;
    const { realPath } = env as { realPath?: string }; // the search has none
    if (realPath !== undefined && widthOf(path.resolve(path.dirname(realPath), source)) <= NARROW) return html;
    const isLink = tokens[index - 1]?.type === 'link_open'; // it has the focus
    return `<span class="picture"${isLink ? '' : ' tabindex="0"'}>${html}</span>`;
  };
}

/** The theme's colours by the names of the style sheet, which has them for light and dark. Others are the text's own. */
const COLOURS: Readonly<Record<string, string>> = {
  '#CF222E': 'keyword',
  '#0550AE': 'number',
  '#0A3069': 'string',
  '#116329': 'string', // a name in JSON
  '#6E7781': 'comment',
  '#8250DF': 'function',
  '#953800': 'type',
};

/** The code blocks of the last build in colours, by a digest of what they are made from. */
const HIGHLIGHTED = path.join(project, 'dist/site-assets/highlighted.json');
/** Those of this build. */
const highlighted: Record<string, string> = {};

/** Code takes a quarter of a build, and few blocks change: the others are those of the last build, if its colours and packages were the same. */
function sameAsLastTime(md: MarkdownIt): void {
  const { highlight } = md.options;
  if (!highlight) throw new Error('VitePress highlights code in another way: docs/.vitepress/markdown.ts must change');
  const makers = ['docs/.vitepress/markdown.ts', 'docs/.vitepress/source-pages.ts', 'package-lock.json'];
  const colours = createHash('sha256');
  for (const file of makers) colours.update(readFileSync(path.join(project, file)));
  const [by, last] = [colours.digest('base64'), lastHighlighted()];
  md.options.highlight = (...block) => {
    const key = createHash('sha256')
      .update(JSON.stringify([by, block]))
      .digest('base64');
    return (highlighted[key] ??= last[key] ?? highlight(...block));
  };
}

function lastHighlighted(): Record<string, string | undefined> {
  try {
    return JSON.parse(readFileSync(HIGHLIGHTED, 'utf8')) as Record<string, string>;
  } catch {
    return {}; // the first build
  }
}

/** At the end of a build, for the next one. Blocks that are gone are left out. */
export function keepHighlighted(): void {
  mkdirSync(path.dirname(HIGHLIGHTED), { recursive: true });
  writeFileSync(`${HIGHLIGHTED}.new`, JSON.stringify(highlighted));
  renameSync(`${HIGHLIGHTED}.new`, HIGHLIGHTED); // another build may read it
}

export const markdown: MarkdownOptions = {
  theme: 'github-light-default', // with a second theme, all code would be read twice
  attrs: { disable: true }, // braces are braces
  anchor: { slugify },
  config(md) {
    exerciseLinks(md);
    projectLinks(md);
    onTheSite(md);
    codeLinksInBox(md);
    mathematics(md);
    indentedBlocks(md);
    widePictures(md);
    sameAsLastTime(md);
  },
  codeTransformers: [
    {
      name: 'whole-lines',
      preprocess(_, options) {
        options.tokenizeTimeLimit = 0; // otherwise a busy computer leaves the rest of a line without colours after 0.5 s
      },
    },
    {
      name: 'colours',
      span(node) {
        const name = COLOURS[/#\w{6}/.exec(String(node.properties.style))?.[0] ?? ''];
        node.properties.style = name && `color:var(--code-${name})`;
      },
    },
    {
      name: 'line-anchors',
      line(node, line) {
        if (rangesOf(this.options.meta?.__raw)) node.properties.id = `L${line}`;
      },
      code(node) {
        for (const range of rangesOf(this.options.meta?.__raw) ?? []) {
          const [first] = range.split('-');
          const line = node.children.find((child) => child.type === 'element' && child.properties.id === first);
          if (line?.type !== 'element') throw new Error(`no line ${first}`);
          line.children.unshift({ type: 'element', tagName: 'span', properties: { id: range }, children: [] });
        }
      },
    },
  ],
};
