/** Links that repeat a run of the page, and checkpoints that continue it, in a real Chromium. */
import path from 'node:path';
import { OPTIONS } from '../src/training/options.js';
import { testInBrowser } from './helpers/chromium.js';
import { temporaryDirectories } from './helpers/temporary-directories.js';
import { servePage, SMALL } from './helpers/longhand-page.js';
import { longhand } from './helpers/longhand-process.js';

const { visit } = servePage();
const { directoryOf, remove } = temporaryDirectories();
afterAll(remove);

describe('a link', () => {
  testInBrowser('repeats a run, with the changes of the learning rate during the run', async () => {
    const first = await visit(`${SMALL}&seed=7&steps=300&rateChanges=3:0.002,200:0.5`);
    for (let step = 1; step <= 5; step++) {
      await first.page.click('#one-step:enabled');
      await first.waitForStep(step);
    }
    expect(await first.page.inputValue('[name=learningRate]')).toBe('0.002');
    await first.page.fill('[name=learningRate]', '0.01'); // another run from here on: the change to 0.5 is dropped
    await first.page.press('[name=learningRate]', 'Enter');
    await first.playToTheEnd();
    await first.page.waitForFunction(() => location.search.includes('6:0.01'));
    const { search } = new URL(first.page.url());
    expect(search).toMatch(/^\?hidden=16&batchSize=32&seed=7&steps=300&rateChanges=3:0\.002,6:0\.01$/);

    const second = await visit(search);
    expect(await second.page.inputValue('[name=learningRate]')).toBe('0.001');
    await second.playToTheEnd();
    expect(await second.page.inputValue('[name=learningRate]')).toBe('0.01');
    for (const figure of ['#loss', '#accuracy', '#test-accuracy']) {
      expect(await second.text(figure)).toBe(await first.text(figure));
    }
    expect(new URL(second.page.url()).search).toBe(search);
  });

  testInBrowser('with values that are not valid gives the tutorial’s run', async () => {
    const { page } = await visit(
      '?hidden=-3&batchSize=x&backend=abacus&rateChanges=,5,:,7:z&row=99&image=1e9&mistake=%3Cb%3E',
    );
    expect(await page.inputValue('[name=hidden]')).toBe('128');
    expect(await page.inputValue('[name=backend]')).toBe('wasm');
    expect(await page.inputValue('#row')).toBe('28');
  });

  testInBrowser('keeps the image, the row and the planted mistake', async () => {
    const opened = await visit('?image=18&row=14&mistake=swapped-gate');
    await opened.waitForText('#row-text', '14 of 28 rows');
    expect(await opened.text('#label')).toBe('label 3');
    expect(await opened.page.isChecked('[value=swapped-gate]')).toBe(true);
  });

  testInBrowser(
    'of an earlier version, with ?machine=, chooses the backend; the new address says backend=',
    async () => {
      const opened = await visit(`${SMALL}&machine=reference`);
      const { page } = opened;
      expect(await opened.text('#backend')).toContain('reference');
      expect(await page.inputValue('[name=backend]')).toBe('reference');
      await page.click('#next');
      await page.waitForFunction(() => location.search.includes('image=1'));
      expect(new URL(page.url()).search).toBe('?backend=reference&hidden=16&batchSize=32&image=1');
    },
  );
});

testInBrowser('a field describes its option; a value out of its range is refused, and nothing changes', async () => {
  const opened = await visit(SMALL);
  const { page } = opened;
  expect(await page.getAttribute('[name=hidden]', 'title')).toContain(OPTIONS.hidden.help);
  expect(await page.getAttribute('[name=hidden]', 'max')).toBe('1024');
  await opened.set('hidden', '5000');
  expect(await opened.text('#settings-note')).toBe('Hidden units 5000: must be a whole number from 1 to 1024.');
  await page.waitForTimeout(300); // longer than the delay before the address changes
  expect(new URL(page.url()).search).toBe(SMALL);
});

describe('a checkpoint', () => {
  testInBrowser('can be saved and loaded, is the command line’s, and continues to the same end', async () => {
    const file = path.join(directoryOf({}), 'page.safetensors');
    const whole = await visit(`${SMALL}&steps=40`);
    await whole.playToTheEnd();

    const first = await visit(`${SMALL}&steps=20`);
    await first.playToTheEnd();
    const download = first.page.waitForEvent('download');
    await first.page.click('#save');
    expect((await download).suggestedFilename()).toBe('longhand-step-20.safetensors');
    await (await download).saveAs(file);
    const { code, stdout } = await longhand(['eval', file, '--json']);
    expect(code).toBe(0);
    const { accuracy } = JSON.parse(stdout) as { accuracy: number };
    expect((await first.text('#test-accuracy')).split(' ')[0]).toBe(accuracy.toFixed(4));

    const second = await visit('');
    await second.page.setInputFiles('#file', file);
    await second.waitForStep(20);
    expect(await second.page.inputValue('[name=hidden]')).toBe('16');
    await second.set('steps', '40');
    await second.playToTheEnd();
    for (const figure of ['#loss', '#accuracy', '#test-accuracy']) {
      expect(await second.text(figure)).toBe(await whole.text(figure));
    }
  });

  testInBrowser('that is damaged is refused, and the present run continues', async () => {
    const opened = await visit(SMALL);
    await opened.page.click('#one-step');
    await opened.waitForStep(1);
    await opened.page.setInputFiles('#file', {
      name: 'bad.safetensors',
      mimeType: '',
      buffer: Buffer.from('not a checkpoint'),
    });
    expect(await opened.error()).toMatch(/^bad\.safetensors: /);
    await opened.act('Close');
    await opened.page.click('#one-step');
    await opened.waitForStep(2);
  });
});
