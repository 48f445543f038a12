/** The site without a build: its Markdown and its links, and what its exercises say. test/slow/docs has its pages, in a real Chromium. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import type { MarkdownRenderer } from 'vitepress';
import { markdown } from '../../docs/.vitepress/markdown.js';
import { sidebar } from '../../docs/.vitepress/sidebar.js';
import { documents, otherMarkdown, pageOf, project } from '../../docs/.vitepress/source-pages.js';
import { conclusionOf, pairOf, trainingView } from '../../docs/.vitepress/theme/exercises/findings.js';
import { aroundGap, gapIn } from '../../docs/.vitepress/theme/exercises/editor.js';
import type { Attempt } from '../../docs/.vitepress/theme/exercises/attempt.js';
import { keepPrinted } from '../../docs/.vitepress/theme/exercises/limited-run.js';
import { stepOf, zeros } from '../../src/core/tensor.js';
import { type Exercise, withMistake } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { answerLosses, rightLosses } from '../../src/exercises/train.js';
import { smallImages } from '../helpers/small-data.js';
import { directoryOf } from '../helpers/temporary-directories.js';

let md: MarkdownRenderer;
beforeAll(async () => {
  const { createMarkdownRenderer } = await import('vitepress');
  md = await createMarkdownRenderer(project, markdown, '/');
});

test('the site does not say “On the site”, where its reader is', () => {
  expect(md.render('Predict. On the site, you can\ntry it; then it is on the site.')).toContain(
    '<p>Predict. You can\ntry it; then it is on the site.</p>',
  );
  const texts = documents().map((document) => readFileSync(document, 'utf8'));
  expect(texts.filter((text) => /^On the site/m.test(text)).length).toBeGreaterThan(4); // on GitHub it is said
  for (const text of texts) expect(md.render(text)).not.toMatch(/(<p>|[.?!] )On the site/);
});

test('“The code: …” is a closed box on the site', () => {
  const folded = md.render('Before.\n\nThe code: [a](https://a.b) and\n[c](https://c.d).\n\nThe code is short.');
  expect(folded).toMatch(
    /^<p>Before\.<\/p>\n<details class="code-links"><summary>[^<]+<\/summary>\n<p>The code: [^]*<\/p>\n<\/details>\n<p>The code is short\.<\/p>\n$/,
  );
});

test('every document has a place in the sidebar', () => {
  const places = sidebar.flatMap(({ items = [] }) => items.map(({ link }) => link));
  const expected = documents().map((document) => `/${pageOf(document).replace(/((^|(?<=\/))index)?\.md$/, '')}`);
  const exercises = EXERCISES.map((exercise) => `/exercises/${fileNameOf(exercise)}`);
  expect(places.sort()).toEqual([...expected, ...exercises].sort());
});

test('only the documents become pages, and no Markdown that lies beside them', async () => {
  const folder = directoryOf();
  const ours = [
    'README.md',
    'CHANGELOG.md',
    'docs/index.md',
    'docs/learn/lstm.md',
    'docs/exercises/bugs.md',
    'docs/api/a/b.md',
  ];
  const others = ['longhand-exercises/README.md', 'NOTES.md', 'test/x.md', 'docs/learn/longhand-exercises/README.md'];
  for (const file of [...ours, ...others]) {
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
    writeFileSync(path.join(folder, file), '# A page\n');
  }
  mkdirSync(path.join(folder, 'docs/.vitepress'));
  const config = { srcDir: folder, srcExclude: otherMarkdown };
  writeFileSync(path.join(folder, 'docs/.vitepress/config.mjs'), `export default ${JSON.stringify(config)};`);
  const { resolveConfig } = await import('vitepress');
  const { pages } = await resolveConfig(path.join(folder, 'docs'), 'build');
  expect(pages.sort()).toEqual(ours.sort());
});

test('no column of a table is without a name', () => {
  const nameless = documents().filter((document) =>
    /^\|(.*\|)? +\|.*\n\| *:?-/m.test(readFileSync(path.join(project, document), 'utf8')),
  );
  expect(nameless).toEqual([]);
});

describe('Markdown', () => {
  const html = (text: string): string =>
    md.render(text, { realPath: path.join(project, 'docs/derivation.md'), relativePath: 'derivation.md' });

  test('has mathematics between dollars, and prices', () => {
    const inText = html('If $h_t = o \\odot \\tanh(c_t)$, $5 or $6');
    expect(inText).toMatch(/If <span v-pre><span class="katex">.*, \$5 or \$6/s);
    const alone = html('$$\n\\frac{\\partial L}{\\partial c}\n$$');
    expect(alone).toMatch(/<p class="formula" tabindex="0" v-pre>.*class="mfrac"/s);
    expect(() => html('$\\frac{1}$')).toThrow('KaTeX parse error');
  });

  test.each([
    ["## The tutorial's steps: `f` & B × T", 'id="the-tutorials-steps-f--b--t"'], // GitHub's anchor
    ['The shape {B,T} of adam.ts', '<p>The shape {B,T} of adam.ts</p>'],
    ['[a](../src/equations/lstm.ts#L44-L52)', 'href="/source/src/equations/lstm.ts.html#L44-L52"'],
    ['[a](kernels.md#the-setting)', 'href="/kernels.html#the-setting"'],
    ['[a](../README.md#use)', 'href="/readme.html#use"'],
    ['[a](../test/fixtures/compare.safetensors)', 'href="/raw/test/fixtures/compare.safetensors"'],
    ['[a](#networks)', 'href="#networks"'],
    ['exercise 5 of [the exercises](exercises/index.md)', 'href="/exercises/05-hidden-state.html"'],
    ['Exercise 12 of\n[the exercises](exercises/index.md)', 'href="/exercises/12-every-step.html"'],
    ['all of [the exercises](exercises/index.md)', 'href="/exercises/"'],
    ['    z = {{ x }} < y', '<code>z = {{ x }} &lt; y'],
    ['    a = b + c   d = e', '<span class="part">a = b + c</span>   <span class="part">d = e</span>'],
    ['![A cell](learn/pictures/cell.svg)', '<p><img'],
    ['![Bars](learn/pictures/reach.svg)', '<span class="picture" tabindex="0"><img'],
  ])('%s', (text, expected) => {
    expect(html(text)).toContain(expected);
  });
});

test('every link of a document leads to a document, an exercise or a file, and to its anchor; formulas keep their asterisks', () => {
  const pages = new Map<string, Document>(
    documents().map((document) => {
      const text = readFileSync(path.join(project, document), 'utf8');
      const relativePath = pageOf(document);
      const { document: html } = parseHTML(`<main>${md.render(text, { realPath: document, relativePath })}</main>`);
      return [`/${relativePath.replace(/((^|(?<=\/))index)?\.md$/, '')}`, html] as const;
    }),
  );
  // in a formula such as c = f\*cPrev + i\*j bare asterisks would vanish, and their letters lean: emphasis is written with _
  const eaten = documents().flatMap((document) =>
    md
      .parse(readFileSync(path.join(project, document), 'utf8'), { relativePath: pageOf(document) })
      .filter(({ children }) => children?.some(({ type, markup }) => type === 'em_open' && markup === '*'))
      .map(({ content }) => `${document}: ${content}`),
  );
  expect(eaten).toEqual([]);
  const exercises = EXERCISES.map((exercise) => `/exercises/${fileNameOf(exercise)}`);
  const dead: string[] = [];
  for (const [page, html] of pages)
    for (const link of Array.from(html.querySelectorAll('a[href]'), (a) => a.getAttribute('href')!)) {
      const { host, pathname, hash } = new URL(link, `https://site${page}`);
      if (host !== 'site' || /^\/(source|raw|api|play)\//.test(pathname)) continue; // docs.test.ts looks for the files
      const linked = pathname.replace(/\.html$/, '');
      const anchor = decodeURIComponent(hash.slice(1));
      const isAnchor = anchor === '' || pages.get(linked)?.getElementById(anchor) != null;
      if (!(pages.has(linked) || exercises.includes(linked)) || !isAnchor) dead.push(`${page}: ${link}`);
    }
  expect(dead).toEqual([]);
});

describe('the editor of an exercise opens at the gap', () => {
  test.each(EXERCISES.map((exercise) => [exercise.name, exercise] as const))('%s', (_, { typescript, javascript }) => {
    for (const files of [typescript, javascript]) {
      const lines = files.start.split('\n');
      const gap = gapIn(files.start, files);
      const marked = lines.findIndex((line) => /\/\/ Write|\/\/ Choose/.test(line));
      expect([gap.from <= marked && marked < gap.to, lines[gap.from]]).toEqual([true, lines[gap.from]]);
      const around = aroundGap(files.start, gap);
      expect(around.from).toBeLessThanOrEqual(gap.from);
      expect(around.to).toBeGreaterThanOrEqual(gap.to);
      expect(lines[around.from]).toMatch(/^(\/\*\*|export|const|\/\/|import)/);
      expect(lines.slice(around.from, around.to).join('\n')).toMatch(/(export|const) [^]*\n}\n?$/);
      // after the reader's own lines it is where these are
      const own = [...lines.slice(0, marked), '  // one', '  // two', '  // three', ...lines.slice(marked + 1)].join(
        '\n',
      );
      const { from, to } = gapIn(own, files);
      expect([from <= marked, to >= marked + 3]).toEqual([true, true]);
    }
  });

  test('a text that has nothing in common is shown whole', () => {
    const files = { start: 'a\nb\nc', solution: 'a\nB\nc' };
    expect(gapIn('x\ny', files)).toEqual({ from: 0, to: 2 });
    expect(aroundGap('x\ny', { from: 0, to: 2 })).toEqual({ from: 0, to: 2 });
    expect(gapIn('', files)).toEqual({ from: 0, to: 1 });
    expect(gapIn('a\nB\nc', files)).toEqual({ from: 1, to: 2 });
  });
});

test('what an answer prints is kept: texts, numbers, lists and tensors, and not more than a page of it', () => {
  const { log, info, debug, warn, error } = console;
  const printed = keepPrinted();
  console.log('dz', 0.5, Float64Array.of(1, 2.5), [1, [2]], { a: 1 }, null, undefined);
  console.log(stepOf(zeros([2, 1, 2], 'f64'), 1));
  const cycle: unknown[] = [];
  cycle.push(cycle);
  console.log(cycle);
  const first = printed();
  expect(first).toBe('dz 0.5 [1, 2.5] [1,[2]] {"a":1} null undefined\n[1, 2] [0, 0]\na value that cannot be shown');
  console.log('after the check');
  expect(printed()).toBe(first);
  const more = keepPrinted();
  for (let n = 0; n < 2000; n++) console.log('ten letters');
  expect(more()).toMatch(/^ten letters\n.{9950,10050}\n… and more$/s);
  Object.assign(console, { log, info, debug, warn, error });
});

test('two numbers are never shown as equal', () => {
  expect(pairOf(0.1 + 0.2, -1 / 3)).toEqual(['0.3', '-0.33333333']);
  expect(pairOf(1 + 2e-8, 1)).toEqual(['1.00000002', '1']);
  expect(pairOf(-12, NaN)).toEqual(['-12', 'NaN: not written, or computed from NaN']);
});

test.each([
  ['falls', [2.3, 1.9], 'gradient', /falls although the gradient is wrong/],
  ['falls with a wrong update', [2.3, 1.9], 'update', /falls although the update is wrong/],
  ['falls a little', [2.311, 2.177], 'gradient', /The loss falls by 6%, which single batches can explain/],
  [
    'falls by almost nothing',
    [2.3, 2.299],
    'update',
    /The loss falls by less than 1%.* neither that the update is right/,
  ],
  ['stays', [2.3, 2.3], 'gradient', /With the wrong gradient the loss does not fall/],
  ['rises', [2.3, 3], 'update', /With the wrong update the loss does not fall/],
  ['becomes NaN', [2.3, NaN], 'update', /The wrong update has made the loss NaN/],
  ['falls and is right', [2.3, 1.8], undefined, /own\.$/],
] as const)('the sentence about a loss that %s says what the numbers show', (_, [first, last], wrong, expected) => {
  const losses = Array.from({ length: 30 }, (__, step) => ({ right: 2, answer: step < 15 ? first : last }));
  const sentence = conclusionOf(losses, wrong);
  expect(sentence).toMatch(expected);
  expect(sentence).toContain(`${first.toFixed(3)} and ${last.toFixed(3)} with your function, 2.000 and 2.000`);
});

test('a wrong gradient that no training step reads: the sentence says that the losses are equal', () => {
  const one = EXERCISES.find(({ name }) => name === 'hidden-state')!;
  const mistake = one.mistakes.find(({ words }) => words === 'dc is used, but not stored')!;
  const images = smallImages(64, 8, 6);
  const [right, answers] = [
    rightLosses(images),
    answerLosses(one, withMistake(one.typescript.solution, mistake), images),
  ];
  const losses = Array.from({ length: 12 }, () => ({
    right: right.next().value as number,
    answer: answers.next().value as number,
  }));
  const sentence = conclusionOf(losses, 'gradient');
  expect(sentence).toMatch(/All losses are equal: this training never needs the numbers that are wrong/);
  expect(sentence).not.toContain('falls although');
});

test.each([
  ['adam', 'With the wrong update the loss does not fall.'],
  ['lstmCellBackward', 'With the wrong gradient the loss does not fall.'],
] as const)('a wrong answer that trains with %s: what is wrong has its name', (trains, expected) => {
  const attempt = { losses: Array(30).fill({ right: 2, answer: 2.3 }), steps: 30, verdict: { outcome: 'wrong' } };
  const [, , status] = trainingView({ trains } as Exercise, attempt as unknown as Attempt);
  expect(status.children).toEqual([expect.stringContaining(expected), '']);
});
