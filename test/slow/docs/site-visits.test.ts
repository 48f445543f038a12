/** The pages of the site as a reader uses them, built and served by a plain host, in a real Chromium; and its search. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PLACES } from '../../../docs/.vitepress/theme/places.js';
import { viewForAxe } from '../../helpers/axe.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import {
  ENDLESS,
  expectTimeLimit,
  filesOf,
  holdTime,
  hostSite,
  mistaken,
  paste,
  solution,
  verdict,
  verdictOn,
} from '../../helpers/site.js';
import { pathToFileURL } from 'node:url';
import MiniSearch from 'minisearch';
import { search } from '../../../docs/.vitepress/search.js';

const { open, work, folder, address } = hostSite(builtSite);

/** The names of the figures' files. */
const FIGURES = Object.keys(PLACES).map((name) => path.basename(name));

testInBrowser('the head of a page names the files of its figures, and of no others', () => {
  const figuresOf = (page: string): string[] => {
    const html = readFileSync(path.join(folder(), page), 'utf8');
    const files = Array.from(
      html.matchAll(/<link rel="modulepreload" href="[./]+assets\/chunks\/([\w-]+)\./g),
      ([, name]) => name,
    );
    return files.filter((name) => FIGURES.includes(name)).sort();
  };
  expect(figuresOf('index.html')).toEqual(['motion-button']);
  expect(figuresOf('learn/what-an-rnn-is.html')).toEqual(['first-text', 'read-back', 'unrolled-graph']);
  expect(figuresOf('learn/plain-rnn.html')).toEqual(['gap-run', 'line-editors', 'norms-slider']);
  expect(figuresOf('learn/min-char-rnn.html')).toEqual(['own-writer']);
  expect(figuresOf('learn/lstm.html')).toEqual(['cell-paths', 'cell-run', 'follow-unit', 'gap-run']);
  expect(figuresOf('learn/by-hand.html')).toEqual(['line-editors', 'number-fields']);
  expect(figuresOf('learn/loss-and-update.html')).toEqual(['softmax-live', 'spike-live']);
  expect(figuresOf('learn/why-57.html')).toEqual(['paths-live']);
  expect(figuresOf('derivation.html')).toEqual([]);
});

testInBrowser('the whole page becomes light at once: only the switch itself moves', async () => {
  const { page } = await open('', viewForAxe('dark', 1440));
  const moving = await page.evaluate(async () => {
    document.querySelector<HTMLElement>('.VPNavBar .VPSwitchAppearance')!.click();
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
    const moved = document.getAnimations().map(({ effect }) => (effect as KeyframeEffect).target!);
    return moved.filter((element) => !element.closest('.VPSwitch')).map(({ className }) => className);
  });
  expect([moving, await page.getAttribute('html', 'class')]).toEqual([[], '']);
});

testInBrowser(
  'the first page says where to begin; its picture stands still for readers who want no motion',
  async () => {
    const { page } = await open('#VPContent', viewForAxe('dark', 390)); // an anchor of its own: it stays
    const picture = page.locator('img[src*="/reach."]');
    expect(await page.getAttribute('a:has(img[src*="/reach."])', 'href')).toMatch(/learn\/why-57\.html$/);
    await page.click('button:text-is("Move the picture")');
    const moving = await picture.evaluate(({ src }: HTMLImageElement) => src);
    expect(moving).toMatch(/#moving$/);
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
    // where the browser applies the picture's own rule for these readers, the button is an exception to it
    for (const [hash, motion] of [
      ['', 'none'],
      ['#still', 'none'],
      ['#moving', 'show'],
    ]) {
      await page.goto(moving.replace('#moving', hash));
      const frames = await page
        .locator('.frame')
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).animationName));
      expect([hash, new Set(frames)]).toEqual([hash, new Set([motion])]);
    }
  },
);

testInBrowser('an endless loop ends after 10 seconds or with Stop, and the next run works', async () => {
  const { page } = await work('sigmoid', { prepare: holdTime });
  await paste(page, ENDLESS);
  await page.click('button.run');
  expect(await page.innerText('button.run')).toBe('Runs …');
  await page.click('button:text-is("Stop")');
  expect(await verdict(page)).toBe('You stopped this run.');
  await expectTimeLimit(page, ENDLESS);
  expect(await verdictOn(page, solution('sigmoid'))).toMatch(/All \d+ numbers agree/);
});

testInBrowser('a right answer: why, what it printed, and the next exercise; later hints do not count', async () => {
  const { page } = await work('hidden-state');
  const shown = await page.locator('.cm-line').allInnerTexts();
  expect(shown.some((line) => line.startsWith('import type'))).toBe(false); // folded
  await page.locator('.cm-line').last().scrollIntoViewIfNeeded(); // the editor has only the lines near the window
  await page.locator('.cm-line', { hasText: 'Write (4′) here' }).waitFor();
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
  expect(cells).toEqual(['dz[0, 9] (sequence 0, gate o, unit 0)', '0.081744056', '-0.37694854', '5 of 36']);
  const mistake = 'These are the numbers of a known mistake: do without the factor tanh(c).';
  expect(text).not.toContain(mistake);
  await page.click('button:text-is("Name the mistake")');
  await page.locator('.diagnosis', { hasText: mistake }).waitFor();
});

/** What a learner types, and where the first result must lead. */
const SEARCHES = {
  'vanishing gradient': 'learn/plain-rnn.html#what-goes-wrong',
  'vanishing gradients': 'learn/plain-rnn.html#what-goes-wrong',
  'exploding gradient': 'learn/plain-rnn.html#what-goes-wrong',
  bptt: 'learn/plain-rnn.html#why-we-add-over-time',
  'backpropagation through time': 'learn/plain-rnn.html#why-we-add-over-time',
  truncated: 'learn/plain-rnn.html#how-far-back-must-the-gradient-go',
  'forget gate': 'learn/lstm.html#the-cell',
  'forget bias': 'learn/lstm.html#the-forget-bias-an-experiment',
  'cell state': 'learn/lstm.html#the-cell',
  lstm: 'learn/lstm.html#the-lstm',
  adam: 'learn/loss-and-update.html#adam',
  clip: 'learn/loss-and-update.html#clipping',
  'gradient clipping': 'learn/loss-and-update.html#clipping',
  'learning rate': 'learn/loss-and-update.html#schedules',
  'softmax gradient': 'learn/loss-and-update.html#the-gradient-entry-by-entry',
  'gradient check': 'learn/check-it.html#',
  'numeric gradient': 'learn/check-it.html#a-numeric-derivative',
  gru: 'learn/other-cells.html#the-gru',
  peephole: 'learn/gates.html#one-cell-with-switches',
  embedding: 'learn/networks.html#words-or-characters',
  'one-hot': 'derivation.html#classes-as-inputs',
  dropout: 'questions/dropout.html#',
  nan: 'learn/mistakes.html#nan',
  overfitting: 'questions/overfitting.html#',
  'validation loss increases': 'questions/overfitting.html#',
  regularization: 'questions/overfitting.html#what-helps',
  'forecast repeats last value': 'questions/last-value.html#',
  lag: 'questions/last-value.html#',
  'recursive forecast constant': 'questions/constant.html#',
  'multi-step forecast': 'questions/constant.html#',
  'scale inputs': 'questions/scaling.html#',
  normalization: 'questions/scaling.html#',
  stateful: 'questions/stateful.html#',
  'longer training worse': 'questions/longer.html#',
  'same weights different numbers': 'questions/other-framework.html#',
  'early stopping': 'recipe.html#what-each-option-improves',
  'weight initialization': 'questions/initial-weights.html#',
  initialisation: 'questions/initial-weights.html#',
  'why does my loss not decrease': 'questions/loss-stays.html#',
  'loss does not decrease': 'questions/loss-stays.html#',
  install: 'readme.html#use',
  installation: 'readme.html#use',
  'confusion matrix': 'readme.html#use',
  'batch size': 'learn/what-an-rnn-is.html#units-batches-and-shapes',
  GPU: 'backends.html#gpu',
  onnx: 'files.html#export-and-import',
  'export to ONNX': 'files.html#export-and-import',
  'save a model': 'your-own.html#save-a-network-and-load-it',
  'load a model': 'your-own.html#save-a-network-and-load-it',
  checkpoint: 'files.html#checkpoints',
  mask: 'derivation.html#sequences-of-different-lengths',
  padding: 'learn/mistakes.html#padding-and-rows-that-do-not-count',
  'variable length': 'your-own.html#sequences-of-different-lengths',
  bidirectional: 'learn/networks.html#two-directions',
  momentum: 'derivation.html#the-update',
  perplexity: 'tasks.html#text',
  sigmoid: 'exercises/04-sigmoid.html',
};

testInBrowser('the search finds the right section first, in an index below 325 KB', async () => {
  const file = filesOf(folder(), '.js').find((name) => name.includes('localSearchIndex'))!;
  const text = readFileSync(path.join(folder(), file), 'utf8');
  expect(text.length).toBeLessThan(325_000);
  const { default: json } = (await import(pathToFileURL(path.join(folder(), file)).href)) as { default: string };
  const fields = { fields: ['title', 'titles', 'text'], storeFields: ['title', 'titles'] };
  const { searchOptions } = search.options.miniSearch;
  const index = MiniSearch.loadJSON<{ title: string; titles: string[] }>(json, { ...fields, searchOptions });
  const first = (query: string): string => String(index.search(query)[0]?.id).replace(`${folder()}/`, '');
  const found = Object.entries(SEARCHES).map(([query, place]) => [query, first(query).slice(0, place.length)]);
  expect(Object.fromEntries(found)).toEqual(SEARCHES);
  expect(index.search('vanishing gradient')[0]).toMatchObject({
    titles: ['A plain RNN first'],
    title: 'What goes wrong',
  });
});
