/** The subject “Text” in a real Chromium: a visitor's own text is learnt, and the network writes. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseCheckpoint } from '../../../src/training/checkpoint.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { numbersIn, servePage } from '../../helpers/longhand-page.js';
import { longhand } from '../../helpers/longhand.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { visit } = servePage();
/** A network that trains quickly. */
const SMALL_TEXT = '?subject=text&threads=1&hidden=32&batchSize=8&T=20';
/** A short text in English. */
const SHORT = readFileSync('docs/page.md', 'utf8').slice(0, 10_000);

testInBrowser('a pasted text is learnt: 300 steps lower the loss below 2.5 bits, and samples appear', async () => {
  const opened = await visit('?subject=text&threads=1&hidden=64&layers=1&learningRate=0.01&steps=300&T=50');
  const { page } = opened;
  expect(await opened.text('#text-name')).toBe('Moby-Dick');
  expect(await opened.text('#text-facts')).toBe('1,190,317 characters, 83 different');
  await opened.paste(SHORT);
  await opened.waitForText('#text-name', 'your text');
  expect(await opened.text('#text-facts')).toMatch(/^[\d,]+ characters, \d+ different$/);
  expect(Number(await page.inputValue('[name=batchSize]'))).toBeLessThan(50); // fewer streams, since the text is short
  await page.waitForSelector('#play:enabled');
  await opened.playToTheEnd();
  expect(Number(await opened.text('#bits'))).toBeLessThan(2.5);
  expect(Number((await opened.text('#test-result')).split(' ')[0])).toBeGreaterThan(0);
  const samples = await page.locator('#samples li').allInnerTexts();
  expect(samples.map((text) => text.split('\n')[0])).toEqual([
    'before training',
    'after 100 steps',
    'after 200 steps',
    'after 300 steps',
  ]);
  for (const sample of samples) expect(sample.length).toBeGreaterThan(150);
  expect(await opened.text('#link-note')).toBe('The address has the settings of this run, but not your text.');
  await page.click('#bundled');
  await opened.waitForText('#text-name', 'Moby-Dick');
  await opened.waitForStep(0);
});

testInBrowser(
  'texts that cannot be learnt are refused, and the run before continues; files become the text',
  async () => {
    const opened = await visit(SMALL_TEXT);
    const { page } = opened;
    await page.click('#one-step');
    await opened.waitForStep(1);
    for (const [text, message] of [
      ['abc '.repeat(20), /your text: the text has 80 characters: the page needs at least 200/],
      ['a'.repeat(500), /your text: a text with 1 different character: at least 2 are necessary/],
    ] as const) {
      await opened.paste(text);
      expect(await opened.error()).toMatch(message);
      await opened.act('Close');
    }
    const bytes = Buffer.from([...Buffer.from('text '.repeat(100)), 0xff]);
    await page.setInputFiles('#text-file', { name: 'latin.txt', mimeType: 'text/plain', buffer: bytes });
    expect(await opened.error()).toBe('latin.txt: is not a text in UTF-8');
    await opened.act('Close');
    expect(await opened.text('#text-name')).toBe('Moby-Dick');
    await page.click('#one-step');
    await opened.waitForStep(2);

    const buffer = Buffer.from('日本語の文章です。🎉\r\n'.repeat(100));
    await page.setInputFiles('#text-file', { name: 'japanese.txt', mimeType: 'text/plain', buffer });
    await opened.waitForText('#text-facts', '1,200 characters, 12 different');
    await page.waitForSelector('#play:enabled');
    await page.click('#one-step');
    await opened.waitForStep(1);
    await page.evaluate((text) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([text], 'dropped.txt'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, SHORT);
    await opened.waitForText('#text-name', 'dropped.txt');
  },
);

testInBrowser('a link holds every setting of the text, and repeats the run', async () => {
  const settings = '&steps=40&learningRate=0.005&seed=3';
  const view = '&lstm=1&passage=300&target=7&unit=5&state=h&property=space&prompt=It&temperature=0.3';
  const bits: string[] = [];
  for (let n = 0; n < 2; n++) {
    const opened = await visit(SMALL_TEXT + settings + view);
    const { page } = opened;
    expect(await opened.text('#link-note')).toBe('The address of this page is a link that repeats this run.');
    await page.click('#play');
    await opened.waitForStep(40);
    await page.click('#one-step'); // ends the test
    await opened.waitForStep(41);
    bits.push(await opened.text('#bits'));
    expect(await page.inputValue('#state')).toBe('h');
    expect(await page.inputValue('#unit')).toBe('5');
    expect(await page.inputValue('#property')).toBe('space');
    await page.selectOption('#state', 'c');
    await page.waitForFunction(() => !location.search.includes('state='));
    const inQuery = (query: string) => Object.fromEntries(new URLSearchParams(query));
    expect(inQuery(new URL(page.url()).search)).toEqual(inQuery(SMALL_TEXT + settings + view.replace('&state=h', '')));
  }
  expect(bits[0]).toBe(bits[1]);
});

describe('a checkpoint', () => {
  const folder = directoryOf();
  const own = path.join(folder, 'own.txt');
  const [short, long] = ['short', 'long'].map((name) => path.join(folder, `${name}.safetensors`));
  testInBrowser(
    'from the command line continues on the page, and back, with the same bits; for another text it is refused',
    async () => {
      writeFileSync(own, SHORT);
      const sizes = [
        '--task',
        'text',
        '--hidden',
        '32',
        '--batch-size',
        '8',
        '--steps',
        '20',
        '--validate-every',
        '10',
      ];
      const train = (...args: string[]) => longhand(['train', ...args, '--text', own, '--threads', '1']);
      const begun = await train(...sizes, '--training-iters', String(21 * 8), '--checkpoint', short);
      const more = await train('--resume', short, '--training-iters', String(31 * 8), '--checkpoint', long);
      expect([begun.code, more.code]).toEqual([0, 0]);

      const opened = await visit('?subject=text&threads=1');
      const { page } = opened;
      await page.setInputFiles('#text-file', own);
      await opened.waitForText('#text-name', 'own.txt');
      await page.waitForSelector('#load:enabled');
      await page.setInputFiles('#file', short);
      await opened.waitForStep(20);
      expect(await opened.text('#link-note')).toMatch(/^This run began with a checkpoint, which no link contains/);
      await opened.set('steps', '30');
      await opened.playToTheEnd();
      const fromPage = await opened.save(folder);
      expect(numbersIn(fromPage)).toEqual(numbersIn(long));
      // the page has validated after step 30, as the command line does
      const { training } = parseCheckpoint(readFileSync(fromPage), fromPage);
      expect(training).toMatchObject({ best: parseCheckpoint(readFileSync(long), long).training!.best });
      // the steps added by hand are the length of the saved run
      expect(training!.options).toMatchObject({ trainingIters: 30 * 8 + 1, epochs: null });

      // the test at the end of the page's run is that of the command line, which has no step left to make
      await page.waitForFunction(() => document.querySelector('#test-result')!.textContent.endsWith('at step 30'));
      const [shown] = (await opened.text('#test-result')).split(' ');
      expect(shown).toMatch(/^\d\.\d{4}$/);
      const evaluated = await longhand(['eval', fromPage, '--text', own]); // of the whole text
      expect(evaluated.stdout).toMatch(/^Bits per character on .*own\.txt: \d\.\d{4}\n$/);
      const { code, stdout } = await train('--resume', fromPage);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(`Bits per character on the last \\d+ characters: ${shown}\n`),
      ]);

      const sampled = await longhand(['sample', fromPage, '--length', '20', '--prime', 'The']);
      expect(sampled.stdout).toMatch(/^The/);

      await page.click('#bundled'); // another text
      await opened.waitForText('#text-name', 'Moby-Dick');
      await page.waitForSelector('#load:enabled');
      await page.setInputFiles('#file', short);
      expect(await opened.error()).toMatch(/which is not among the|the run began with/);
    },
  );
});
