/** The site: its Markdown, its links, and a part of its pages, built and served by a plain host, in a real Chromium. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import type { Locator } from 'playwright-core';
import type { MarkdownRenderer } from 'vitepress';
import { markdown } from '../../docs/.vitepress/markdown.js';
import { sidebar } from '../../docs/.vitepress/sidebar.js';
import { documents, pageOf, project } from '../../docs/.vitepress/source-pages.js';
import { conclusionOf, pairOf } from '../../docs/.vitepress/theme/exercises/findings.js';
import { aroundGap, gapIn } from '../../docs/.vitepress/theme/exercises/gap.js';
import { keepPrinted } from '../../docs/.vitepress/theme/exercises/printed.js';
import { stepOf, zeros } from '../../src/core/tensor.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { seriousFaultsOf, viewForAxe } from '../helpers/axe.js';
import { testInBrowser } from '../helpers/chromium.js';
import {
  builtPartOfSite,
  ENDLESS,
  expectNoBase,
  expectTimeLimit,
  holdTime,
  hostSite,
  mistaken,
  paste,
  solution,
  verdict,
  verdictOn,
} from '../helpers/site.js';

const { open, work, folder, address } = hostSite(builtPartOfSite);

let md: MarkdownRenderer;
beforeAll(async () => {
  const { createMarkdownRenderer } = await import('vitepress'); // large: loaded after the build has ended
  md = await createMarkdownRenderer(project, markdown, '/');
});

test('every document has a place in the sidebar', () => {
  const places = sidebar.flatMap(({ items = [] }) => items.map(({ link }) => link));
  const expected = documents().map((document) => `/${pageOf(document).replace(/((^|(?<=\/))index)?\.md$/, '')}`);
  const exercises = EXERCISES.map((exercise) => `/exercises/${fileNameOf(exercise)}`);
  expect(places.sort()).toEqual([...expected, ...exercises].sort());
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
    ['    z = {{ x }} < y', '<code>z = {{ x }} &lt; y'],
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
  // in a formula such as **c = f\*cPrev + i\*j** bare asterisks would vanish, and their letters lean
  const eaten = [...pages].flatMap(([page, html]) =>
    Array.from(html.querySelectorAll('strong em, em strong'), ({ textContent }) => `${page}: ${textContent}`),
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

testInBrowser('no file contains the base that the site was built for, or a script', () => expectNoBase(folder()));

testInBrowser('pages of each kind open without errors, narrow and dark: axe finds nothing serious', async () => {
  const { page } = await open('', viewForAxe('dark', 360));
  for (const name of ['', 'learn/plain-rnn.html', 'derivation.html', 'exercises/', 'exercises/network.html']) {
    await page.goto(address() + name);
    await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app')!);
    expect([name, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([name, 360]);
    expect([name, await seriousFaultsOf(page)]).toEqual([name, []]);
  }
  // the relative links of the frame still work in a page of another folder
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.click('.VPNavBarMenu a:has-text("Learn")');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('From text to state'));
  await page.click('.VPNavBarMenu a:has-text("Use")');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('Networks of your own'));
  expect(page.url()).toBe(`${address()}your-own.html`);
});

testInBrowser(
  'the first page says where to begin; its picture stands still for readers who want no motion',
  async () => {
    const { page } = await open('', viewForAxe('dark', 390));
    const picture = page.locator('img[src*="/reach."]');
    await page.click('button:text-is("Move the picture")');
    expect(await picture.getAttribute('src')).not.toContain('#');
    await page.click('button:text-is("Stop the motion")');
    expect(await picture.getAttribute('src')).toMatch(/#still$/);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const places = await page
      .locator('.way')
      .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).href));
    expect(places).toEqual(['learn/what-an-rnn-is.html', 'play/', 'exercises/'].map((place) => address() + place));
    await page.click('.way:text-is("Begin")');
    await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('From text to state'));
    await page.goto(`${address()}#use`); // the README was here
    await page.waitForURL(`${address()}readme.html#use`);
  },
);

testInBrowser('the unrolled graph and the cell answer a drag, a click and a preset', async () => {
  const { page } = await open('learn/what-an-rnn-is.html');
  await page.getByLabel('Wh', { exact: true }).fill('1.2');
  await page.getByRole('radio', { name: 'Step 2, back' }).click();
  const graph = page.locator('.unrolled-live');
  await graph.getByText('dh[2] = dz[2]·Wh = −0.6518·1.2 = −0.7821').waitFor();
  expect(await graph.innerText()).toContain('34% of dh[3] arrives at h[0]');
  expect(await page.locator('img[src*="/unrolled."]').isVisible()).toBe(false);
  await page.getByLabel('Wh, typed').fill('1,3');
  expect(await graph.innerText()).toMatch(/Write a decimal point, not a comma\.[^]*34% of dh/);
  // the engine's cell computes under the site's Content-Security-Policy
  await page.goto(`${address()}learn/lstm.html`);
  await page.getByRole('button', { name: 'Forget', exact: true }).click();
  await page.locator('.cell-live').getByText('f³⁰ = 9.3·10⁻¹⁰ of c[0] is left after 30 steps').waitFor();
});

testInBrowser('an endless loop ends after 10 seconds or with Stop, and the next run works', async () => {
  const { page } = await work('sigmoid', { prepare: holdTime });
  await paste(page, ENDLESS);
  await page.click('button.run');
  expect(await page.innerText('button.run')).toBe('Runs …');
  await page.click('button:text-is("Stop")');
  expect(await verdict(page)).toBe('You stopped this run.');
  await expectTimeLimit(page, ENDLESS);
  expect(await verdictOn(page, solution('sigmoid'))).toContain('All 10 numbers agree');
});

testInBrowser('a right answer: why, what it printed, and the next exercise; later hints do not count', async () => {
  const { page } = await work('hidden-state');
  const shown = await page.locator('.cm-line').allInnerTexts();
  expect(shown.some((line) => line.includes('Write (4′) here'))).toBe(true);
  expect(shown.some((line) => line.startsWith('import type'))).toBe(false); // folded
  const printing = solution('hidden-state').replace('const dC =', 'console.log(b, n);\n      const dC =');
  const text = await verdictOn(page, printing);
  expect(text).toContain('Right, because h is a product of o and tanh(c)');
  expect(await page.innerText('.toolbar .short-verdict')).toBe('Right.');
  expect(await page.innerText('.printed')).toMatch(/^0 0\n0 1\n/);
  for (let n = 0; n < 3; n++) await page.click('.open-hint');
  await page.waitForSelector('.hints li >> nth=2');
  await page.click('.verdict a');
  await page.waitForFunction(() => document.querySelector('h1')?.textContent.includes('From c back'));
  await page.click('.exercise-numbers a:text-is("5 ✓")');
  await page.waitForSelector('.open-hint:has-text("hint 1 of 3")');
});

testInBrowser('a wrong answer: the element, the numbers, and the known mistake that gives them', async () => {
  const { page } = await work('hidden-state');
  const text = await verdictOn(page, mistaken('hidden-state'));
  expect(text).toContain('Not yet right: one tensor differs.');
  expect(text).toMatch(/The inputs behind each expected number.*\s+dz\[0, 9\]: dh = .*; dc on entry = /);
  const cells = await page.locator('.differences td').allInnerTexts();
  expect(cells).toEqual(['dz[0, 9] (sequence 0, gate o, unit 0)', '0.062845521', '-0.28980122', '4 of 24']);
  expect(text).toContain('These are the numbers of a known mistake: do without the factor tanh(c).');
});

testInBrowser(
  'chapter 4: a field says what is wrong, a box opens once its numbers are right, and they are kept',
  async () => {
    const { page } = await open('learn/by-hand.html', { ...viewForAxe('dark', 390), bypassCSP: false });
    page.on('dialog', (dialog) => void dialog.accept());
    const field = (equation: string): Locator => page.getByLabel(equation, { exact: true });
    const says = (equation: string): Locator => page.locator('.number-field', { has: field(equation) }).locator('p');
    const [zi, zj] = ['zi₁ = x₁·Wxi + h₀·Whi + bi', 'zj₁ = x₁·Wxj + h₀·Whj + bj'];
    const [zf, zo] = [zj.replaceAll('j', 'f'), zj.replaceAll('j', 'o')];
    const box = page.locator('details', { hasText: 'Check (1)' }).first();
    await field(zi).fill('0.31');
    await field(zi).press('Enter');
    expect(await says(zi).innerText()).toBe('Wrong. You get this number if the term bi is missing.');
    for (const [equation, number] of [
      [zj, '0.64'],
      [zf, '0.12'],
      [zo, '0.2803'],
      [zi, '0.11'],
    ]) {
      expect(await box.getAttribute('open')).toBeNull();
      await field(equation).fill(number);
      await field(equation).press('Tab');
    }
    expect(await says(zo).innerText()).toBe('Right, but rounded: 0.2800 to four decimals.');
    await box.locator('pre').waitFor();
    await field(zi).fill('0,11');
    await field(zi).press('Enter');
    expect(await says(zi).innerText()).toBe('Write a decimal point, not a comma.');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

    await page.reload();
    await page.locator('.number-summary', { hasText: '4 of your 61 numbers are right. Your browser keeps' }).waitFor();
    expect(await field(zi).inputValue()).toBe('0.11');
    await box.locator('pre').waitFor();
    await page.click('button:text-is("Begin again")');
    await page.locator('.number-summary', { hasText: '0 of your 61' }).waitFor();
    expect([await field(zi).inputValue(), await box.getAttribute('open')]).toEqual(['', null]);
  },
);

testInBrowser('chapter 5: logits, and a spike, that the reader moves', async () => {
  const { page } = await open('learn/loss-and-update.html', { ...viewForAxe('dark', 390), bypassCSP: false });
  const cells = (): Promise<string[]> => page.locator('.softmax-live tbody td').allInnerTexts();
  const words = page.locator('.softmax-live p');
  await words.filter({ hasText: 'Loss = -log p[label] = 1.4076. The sum of the three dLogits is 0.0000.' }).waitFor();
  const before = await cells();
  expect(before).toEqual('2.0 0.6652 0.6652 1.0 0.2447 -0.7553 0.0 0.0900 0.0900'.split(' '));
  await page.getByLabel('Added to all three').press('End');
  expect(await cells()).toEqual(before.map((text, n) => (n % 3 === 0 ? `10${text}` : text)));
  await page.selectOption('#softmax-label', 'class 0');
  await words.filter({ hasText: '= 0.4076.' }).waitFor();

  const numbers = (): Promise<string[]> => page.locator('.spike-live dd').allInnerTexts();
  expect(await numbers()).toEqual(['3.29', '14', '0.31, 73 after the spike', '2.16', '409']);
  await page.getByLabel('Size of the spike').press('End');
  expect((await numbers())[3]).toMatch(/^19\d\.\d\d$/);
  await page.getByLabel('Clip to norm 1').press('Space');
  expect(await numbers()).toEqual(['1.00', '0', '1.00', '1.00', '1001']);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

testInBrowser('find the bug: a wrong choice, the right one, and the progress after a reload', async () => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe('light', 390), bypassCSP: false });
  const program = page.locator('.find-bug').first();
  await program.getByRole('radio', { name: 'Line 25: dh[t][b][m] += dz * Wh[m][n];' }).check();
  await program.getByRole('button', { name: 'Check line 25' }).click();
  await program.getByText('Line 25 is right.').waitFor();
  expect(await program.innerText()).toContain('It takes the gradient to the state before.');
  await program.getByRole('radio', { name: 'Line 24' }).check();
  await program.getByRole('button', { name: 'Check line 24' }).click();
  await program.getByText('So dWh = hPrevᵀ·dz has to read row t too.').waitFor();
  await page.reload();
  await page.getByText('You have found 1 of 6 wrong lines.').waitFor();
  expect(await program.innerText()).toMatch(/The wrong line is line 24[^]*You needed 2 choices\./);
  expect(await page.locator('.find-bug').count()).toBe(6);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
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
