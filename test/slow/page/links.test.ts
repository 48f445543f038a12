/** Links that repeat a run of the page, and checkpoints that continue it, in a real Chromium. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { textTask } from '../../../src/data/text.js';
import { checkpointBytes, parseCheckpoint } from '../../../src/training/checkpoint.js';
import type { TrainOptions } from '../../../src/training/options.js';
import { TUTORIAL } from '../../../src/training/options.js';
import { Training } from '../../../src/door/training.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { numbersIn, servePage, SMALL } from '../../helpers/longhand-page.js';
import { longhand } from '../../helpers/longhand.js';
import { smallImages } from '../../helpers/small-data.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { visit, shareVisit } = servePage();
describe('a link', () => {
  testInBrowser('repeats a run, with the changes of the learning rate during the run', async () => {
    const first = await visit(`${SMALL}&seed=7&steps=40&rateChanges=3:0.002,20:0.5`);
    for (let step = 1; step <= 5; step++) {
      await first.page.click('#one-step:enabled');
      await first.waitForStep(step);
    }
    expect(await first.page.inputValue('[name=learningRate]')).toBe('0.002');
    await first.openSettings();
    await first.page.fill('[name=learningRate]', '0.01'); // another run from here on: the change to 0.5 is dropped
    await first.page.press('[name=learningRate]', 'Enter');
    await first.playToTheEnd();
    await first.page.waitForFunction(() => location.search.includes('6:0.01'));
    const { search } = new URL(first.page.url());
    expect(search).toMatch(/^\?threads=1&hidden=16&batchSize=32&seed=7&steps=40&rateChanges=3:0\.002,6:0\.01$/);

    const second = await visit(search);
    expect(await second.page.inputValue('[name=learningRate]')).toBe('0.001');
    await second.playToTheEnd();
    expect(await second.page.inputValue('[name=learningRate]')).toBe('0.01');
    for (const figure of ['#loss', '#accuracy', '#test-result']) {
      expect(await second.text(figure)).toBe(await first.text(figure));
    }
    expect(new URL(second.page.url()).search).toBe(search);
  });

  testInBrowser(
    'with values that are not valid gives the tutorial’s run, and says beside it what it left out',
    async () => {
      const opened = await visit('?hidden=-3&backend=abacus&rateChanges=,5,:,7:z&mistake=%3Cb%3E&hiden=5');
      const { page } = opened;
      expect(await page.inputValue('[name=hidden]')).toBe('128');
      expect(await page.inputValue('[name=backend]')).toBe('wasm');
      expect(await page.locator('#link-faults li').allInnerTexts()).toEqual([
        expect.stringMatching(/^backend=abacus: must be one of wasm, /),
        'hidden=-3: must be a whole number from 1 to 1024',
        expect.stringMatching(/^mistake=<b>: must be one of none, /),
        expect.stringMatching(/^rateChanges=,5,:,7:z: must be steps that rise, /),
        'hiden=5: unknown field; did you mean hidden?',
      ]);
      await page.click('#close-link-faults');
      expect(await page.isVisible('#link-faults')).toBe(false);
    },
  );

  testInBrowser('leaves a run that is not saved only after a question: to another subject, and Back', async () => {
    const opened = await visit(`${SMALL}&steps=100000`);
    const { page } = opened;
    await page.click('#one-step');
    await opened.waitForStep(1);
    expect(await opened.askedBefore((one) => one.evaluate(() => history.back()))).toBe('beforeunload');
    expect(await opened.text('#step')).toBe('1');
    const download = page.waitForEvent('download');
    await page.click('#save:enabled');
    await download;
    page.on('dialog', (dialog) => opened.faults.push(`asked: ${dialog.type()}`)); // a file has the run
    await page.click('#to-text');
    await page.waitForSelector('#play:enabled');
    page.removeAllListeners('dialog');
    await page.click('#one-step');
    await opened.waitForStep(1);
    expect(await opened.askedBefore((one) => one.click('#to-digits', { noWaitAfter: true }))).toBe('beforeunload');
  });

  testInBrowser('keeps what is looked at; one of an earlier version says machine= for backend=', async () => {
    const view = 'image=18&row=14&lstm=1&mistake=swapped-gate';
    const opened = await visit(`${SMALL}&layers=2&${view}&machine=reference`);
    const { page } = opened;
    expect(await page.locator('#lstm option:checked').innerText()).toBe('2');
    await opened.waitForText('#row-text', '14 of 28 rows');
    expect(await opened.text('#label')).toBe('label 3');
    expect(await page.isChecked('[value=swapped-gate]')).toBe(true);
    expect(await opened.text('#backend')).toContain('reference');
    expect(await page.inputValue('[name=backend]')).toBe('reference');
    await page.click('#next');
    await page.waitForFunction(() => location.search.includes('image=19'));
    const query = `?backend=reference&threads=1&hidden=16&layers=2&batchSize=32&${view.replace('18', '19')}`;
    expect(new URL(page.url()).search).toBe(query);
  });
});

/** A checkpoint of a run on small images. */
async function checkpointOf(options: Partial<TrainOptions>, task?: string): Promise<Buffer> {
  const train = { ...smallImages(40, 6, 5), ...(task !== undefined && { task }) };
  const all = { ...TUTORIAL, hidden: 4, batchSize: 8, ...options };
  const training = Training.start(createReferenceBackend(), { train, validation: undefined }, all);
  return Buffer.from(checkpointBytes(await training.checkpoint()));
}

async function checkpointOfText(): Promise<Buffer> {
  const data = textTask('It was a text of some characters, repeated. '.repeat(10), { T: 5 });
  const training = Training.start(createReferenceBackend(), data, { ...TUTORIAL, hidden: 4, batchSize: 4 });
  return Buffer.from(checkpointBytes(await training.checkpoint()));
}

describe('a checkpoint', () => {
  const folder = directoryOf();
  const [short, long, begun, whole] = ['cli-20', 'cli-40', 'begun', 'whole'].map((name) =>
    path.join(folder, `${name}.safetensors`),
  );
  const resumed = shareVisit('?threads=1');

  testInBrowser(
    'of several layers, from the page or the command line, continues there with the same bits',
    async () => {
      const network = ['--hidden', '16,16', '--bidirectional', '--batch-size', '32', '--threads', '1'];
      const twenty = await longhand(['train', ...network, '--training-iters', String(21 * 32), '--checkpoint', short]);
      const rest = ['--resume', short, '--training-iters', String(41 * 32), '--checkpoint', long, '--threads', '1'];
      const forty = await longhand(['train', ...rest]);
      expect([twenty.code, forty.code]).toEqual([0, 0]);

      const first = await visit(`${SMALL}&layers=2&bidirectional=true&steps=20`);
      await first.playToTheEnd();
      const saved = await first.save(folder);
      expect(path.basename(saved)).toBe('longhand-step-20.safetensors');
      expect(numbersIn(saved)).toEqual(numbersIn(short));

      const second = resumed();
      await second.page.setInputFiles('#file', short);
      await second.waitForStep(20);
      for (const [name, value] of Object.entries({ hidden: '16', layers: '2', bidirectional: 'true' })) {
        expect(await second.page.inputValue(`[name=${name}]`)).toBe(value);
      }
      await second.set('steps', '40');
      await second.playToTheEnd();
      expect(numbersIn(await second.save(folder))).toEqual(numbersIn(long));
      const { stdout } = await longhand(['eval', long, '--json']);
      const { accuracy } = JSON.parse(stdout) as { accuracy: number };
      expect((await second.text('#test-result')).split(' ')[0]).toBe(accuracy.toFixed(4));
    },
  );

  testInBrowser('of a run that validates continues to validate, and stops early as on the command line', async () => {
    const one = ['--threads', '1'];
    const network = ['--hidden', '8', '--batch-size', '32', '--learning-rate', '0.5', '--seed', '2', ...one];
    const validating = [...network, '--validate-every', '5', '--patience', '2'];
    const length = ['--training-iters', String(11 * 32), '--checkpoint', begun];
    expect((await longhand(['train', ...validating, ...length])).code).toBe(0);
    const rest = ['--resume', begun, '--training-iters', String(201 * 32), '--checkpoint', whole, ...one];
    expect((await longhand(['train', ...rest])).code).toBe(0);
    const { training } = parseCheckpoint(readFileSync(whole), whole);
    expect(training!.step).toBeLessThan(200); // it has stopped early

    const opened = resumed();
    await opened.page.setInputFiles('#file', begun);
    await opened.waitForStep(10);
    expect(await opened.text('#link-note')).toMatch(/^This run began with a checkpoint, which no link contains; Reset/);
    await opened.set('steps', '200');
    await opened.page.click('#play');
    await opened.waitForText('#settings-note', 'The run stopped early: the validation loss no longer decreases.');
    await opened.waitForStep(training!.step);
    const file = await opened.save(folder);
    expect(path.basename(file)).toBe(`longhand-step-${training!.step}.safetensors`);
    const { best, validationsSinceBest, options } = parseCheckpoint(readFileSync(file), file).training!;
    expect([best, validationsSinceBest]).toEqual([training!.best, training!.validationsSinceBest]);
    expect(options.trainingIters).toBe(200 * 32 + 1); // the length that was set by hand
    await opened.page.click('#reset');
    await opened.waitForText('#link-note', 'The address of this page is a link that repeats this run.');
  });

  testInBrowser('that is damaged, or of another kind, is refused, and the present run continues', async () => {
    const opened = resumed();
    await opened.page.waitForSelector('#one-step:enabled');
    await opened.page.click('#one-step');
    await opened.waitForStep(1);
    for (const [bytes, message] of [
      [Buffer.from('not a checkpoint'), /^bad\.safetensors: /],
      [
        await checkpointOf({ hidden: [16, 8] }),
        /: its layers have 16, 8 hidden units, but on the page all layers have/,
      ],
      [await checkpointOf({}, 'pixels'), /: a run of the task “pixels”, but the page trains only on MNIST’s images$/],
      [await checkpointOfText(), /: a run on a text: choose “Text” at the top of the page, then load it again$/],
      [await checkpointOf({}), /the data have T 28, inputs 28, but the network has T 6, inputs 5$/],
    ] as const) {
      await opened.page.setInputFiles('#file', { name: 'bad.safetensors', mimeType: '', buffer: bytes });
      expect(await opened.error()).toMatch(message);
      await opened.act('Close');
    }
    await opened.page.click('#one-step');
    await opened.waitForStep(2);
  });
});
