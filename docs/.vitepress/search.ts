/** The search: which words of the pages are in its index, and what counts for how much. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { project } from './source-pages.js';

/** A heading: MiniSearch indexes what it is as a text, and keeps what JSON makes of it, which the results show. */
class Title {
  constructor(
    private readonly shown: string,
    private readonly words: readonly string[] = [],
  ) {}

  toString(): string {
    return [wordsOf(this.shown), ...this.words].join(' ');
  }

  toJSON(): string {
    return this.shown;
  }
}

/** A heading and the text below it, in the form that VitePress indexes. */
interface Section {
  /** Empty: the page's beginning. */
  readonly anchor: string;
  /** The headings above it, and its own. */
  readonly titles: readonly Title[];
  readonly text: string;
}

/**
 * Pages without words that a learner looks for: the API reference has a sidebar of its own, the table repeats a chapter, and the
 * measurements are numbers. gpu-js is for the authors of GPU.js, and CONTRIBUTING and SECURITY are for those of Longhand. The answers to the bugs should not be found before their questions.
 */
const LEFT_OUT = new RegExp(
  `^(docs/(api|source)/|${['docs/learn/mistakes-table', 'docs/exercises/bugs-answers', 'docs/benchmarks', 'docs/gpu-js', 'CHANGELOG', 'CONTRIBUTING', 'SECURITY'].join('|')})`,
);

/** VitePress sends the options to the browser, except those that begin with _: the site's policy forbids functions among them. */
export const search = {
  provider: 'local' as const,
  options: {
    _render: (text: string, env: { path: string }, md: { render(text: string, env: object): string }) =>
      LEFT_OUT.test(documentOf(env.path)) ? '' : md.render(text, env),
    miniSearch: {
      searchOptions: { prefix: true, fuzzy: 0.15, boost: { title: 3, text: 1, titles: 1 } },
      _splitIntoSections: (file: string, html: string) => sectionsOf(file, html) as never, // it declares titles as texts
    },
  },
};

const documentOf = (file: string): string => path.relative(project, file).split(path.sep).join('/');

/** The sections of a page, from its place and its HTML; VitePress gives an exercise's page no HTML. */
function sectionsOf(file: string, html: string): Section[] {
  const document = documentOf(file);
  if (LEFT_OUT.test(document)) return [];
  const exercise = EXERCISES.find((one) => document === `docs/exercises/${fileNameOf(one)}.md`);
  if (exercise) {
    const { name, number, title, equation, task } = exercise;
    const titles = [new Title('Exercises'), new Title(`${number}. ${title}`, [name])];
    return [{ anchor: '', titles, text: wordsOf(`${equation} ${task}`) }];
  }
  return splitAtHeadings(html, document);
}

const HEADING = /<h([1-6])[^>]*? id="([^"]*)"[^>]*>([^]*?)<a [^]*?<\/h\1>/g;

function splitAtHeadings(html: string, page: string): Section[] {
  const found = [...html.matchAll(HEADING)];
  const above: Title[] = [];
  return found.map((match, n) => {
    const [whole, level, anchor, heading] = match;
    const words = WORDS.filter((row) => row.page === page && row.anchor === (level === '1' ? '' : anchor));
    const title = new Title(
      textOf(heading).trim(),
      words.map(({ word }) => word),
    );
    above.splice(Number(level) - 1, Infinity, title);
    const text = textOf(html.slice(match.index + whole.length, found[n + 1]?.index));
    return { anchor, titles: [...above], text: wordsOf(text) };
  });
}

/** Without outputs of programs, which have numbers and the words of untrained networks, and without what KaTeX writes twice. */
const NO_TEXT =
  /<div class="language-(txt)? [^]*?<\/div>|<math[^]*?<\/math>|<button[^]*?<\/button>|<span class="lang">[^<]*<\/span>|<[^>]*>/g;
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };

const textOf = (html: string): string =>
  html.replace(NO_TEXT, ' ').replace(/&([^;\s]+);/g, (entity, name: string) => ENTITIES[name] ?? entity);

const STOP_WORDS = new Set(
  `a about above after again all already also an and another any are as at be because been before below between both but by can cannot
  do does each even every for four from had has have here how if in into is it its many more most much must no not now of on only or
  other over own same so some still such than that the their them then there these they this those three through to too two until up
  very was we were what when where whether which while who why will with would you your`.split(/\s+/),
);

/** MiniSearch splits a text at these too. */
const BETWEEN_WORDS = /[\n\r\p{Z}\p{P}]+/u;

/** The words that are worth a place in the index: no numbers, single letters, and words that every section has. */
const wordsOf = (text: string): string =>
  text
    .split(BETWEEN_WORDS)
    .filter((word) => word.length > 1 && /\p{L}{2}/u.test(word) && !STOP_WORDS.has(word.toLowerCase()))
    .join(' ');

interface Word {
  readonly word: string;
  /** From the project's folder. */
  readonly page: string;
  /** Empty: the whole page. */
  readonly anchor: string;
}

/** The glossary's words that it explains with a link: `| GRU | A recurrent network: [why these gates?](gates.md#the-gru). |` */
function glossary(): Word[] {
  const [, table] = readFileSync(path.join(project, 'docs/learn/notation.md'), 'utf8').split('\n## Glossary\n');
  return [...table.matchAll(/^\| ([^|]+?) +\|.*\]\(([^)#]+)#?([^)]*)\)/gm)].map(([, word, file, anchor]) => ({
    word,
    page: path.posix.join('docs/learn', file),
    anchor,
  }));
}

/** Somebody who looks for one of these words finds first what the glossary refers to. */
const WORDS = glossary();
