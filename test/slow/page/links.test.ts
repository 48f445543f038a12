/** Links that repeat a run of the page, and checkpoints that continue it, in a real Chromium. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { valuesOf } from '../../../src/core/tensor.js';
import { checkpointBytes, parseCheckpoint } from '../../../src/training/checkpoint.js';
import type { TrainOptions } from '../../../src/training/options.js';
import { TUTORIAL } from '../../../src/training/options.js';
import { Training } from '../../../src/door/training.js';
import { testInBrowser } from '../../helpers/chromium.js';
import type { Visit } from '../../helpers/longhand-page.js';
import { servePage, SMALL } from '../../helpers/longhand-page.js';
import { longhand } from '../../helpers/longhand.js';
import { smallImages } from '../../helpers/small-data.js';
import { directoryOf } from '../../helpers/temporary-directories.js';

const { visit } = servePage();
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
    expect(search).toMatch(/^\?hidden=16&batchSize=32&seed=7&steps=40&rateChanges=3:0\.002,6:0\.01$/);

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
      await page.goto(
        `${opened.page.url().replace(/\?.*/, '')}?subject=series&data=births&seeds=99&predict=x&time=["year"]`,
      );
      await page.waitForSelector('#play:enabled');
      expect(await page.locator('#link-faults li').allInnerTexts()).toEqual([
        'seeds=99: must be a whole number from 1 to 20',
        'the table has no column "x", so the page has guessed what each column is for',
      ]);
    },
  );

  testInBrowser(
    'leaves a run that is not saved only after a question: to another subject, Back, and of a series',
    async () => {
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
      await page.click('#to-series');
      await page.click('#use-example');
      await page.waitForSelector('#play:enabled');
      page.removeAllListeners('dialog');
      await page.click('#play');
      await opened.waitForStepAfter(1);
      expect(await opened.askedBefore((one) => one.click('#to-digits', { noWaitAfter: true }))).toBe('beforeunload');
      await page.click('#play');
      await page.waitForSelector('#save:enabled');
    },
  );

  testInBrowser('keeps the image, the row, the layer and the planted mistake', async () => {
    const opened = await visit(`${SMALL}&layers=2&image=18&row=14&lstm=1&mistake=swapped-gate`);
    expect(await opened.page.locator('#lstm option:checked').innerText()).toBe('2');
    await opened.waitForText('#row-text', '14 of 28 rows');
    expect(await opened.text('#label')).toBe('label 3');
    expect(await opened.page.isChecked('[value=swapped-gate]')).toBe(true);
  });

  testInBrowser('of an earlier version chooses the backend with machine=; the new address says backend=', async () => {
    const opened = await visit(`${SMALL}&machine=reference`);
    const { page } = opened;
    expect(await opened.text('#backend')).toContain('reference');
    expect(await page.inputValue('[name=backend]')).toBe('reference');
    await page.click('#next');
    await page.waitForFunction(() => location.search.includes('image=1'));
    expect(new URL(page.url()).search).toBe('?backend=reference&hidden=16&batchSize=32&image=1');
  });
});

/** A checkpoint of a run on small images. */
async function checkpointOf(options: Partial<TrainOptions>, task?: string): Promise<Buffer> {
  const train = { ...smallImages(40, 6, 5), ...(task !== undefined && { task }) };
  const all = { ...TUTORIAL, hidden: 4, batchSize: 8, ...options };
  const training = Training.start(createReferenceBackend(), { train, validation: undefined }, all);
  return Buffer.from(checkpointBytes(await training.checkpoint()));
}

describe('a checkpoint', () => {
  /** The tensors of a checkpoint that the page saves. */
  const saved = async (opened: Visit, name: string): Promise<Record<string, number[]>> => {
    const file = path.join(folder, name);
    const download = opened.page.waitForEvent('download');
    await opened.page.click('#save');
    expect((await download).suggestedFilename()).toBe(name);
    await (await download).saveAs(file);
    return tensorsOf(file);
  };
  const tensorsOf = (file: string): Record<string, number[]> => {
    const { model, training } = parseCheckpoint(readFileSync(file), file);
    const { parameters } = model;
    const { means, squares } = training!;
    return Object.fromEntries(
      Object.entries({ parameters, means, squares }).flatMap(([kind, tensors]) =>
        Object.entries(tensors).map(([name, tensor]) => [`${kind}.${name}`, [...valuesOf(tensor)]]),
      ),
    );
  };
  const folder = directoryOf();
  const [short, long] = ['cli-20', 'cli-40'].map((name) => path.join(folder, `${name}.safetensors`));

  testInBrowser(
    'of several layers, from the page or the command line, continues there with the same bits',
    async () => {
      const network = ['--hidden', '16,16', '--bidirectional', '--batch-size', '32'];
      const twenty = await longhand(['train', ...network, '--training-iters', String(21 * 32), '--checkpoint', short]);
      const resumed = ['--resume', short, '--training-iters', String(41 * 32), '--checkpoint', long];
      const forty = await longhand(['train', ...resumed]);
      expect([twenty.code, forty.code]).toEqual([0, 0]);

      const first = await visit(`${SMALL}&layers=2&bidirectional=true&steps=20`);
      await first.playToTheEnd();
      expect(await saved(first, 'longhand-step-20.safetensors')).toEqual(tensorsOf(short));

      const second = await visit('');
      await second.page.setInputFiles('#file', short);
      await second.waitForStep(20);
      for (const [name, value] of Object.entries({ hidden: '16', layers: '2', bidirectional: 'true' })) {
        expect(await second.page.inputValue(`[name=${name}]`)).toBe(value);
      }
      await second.set('steps', '40');
      await second.playToTheEnd();
      expect(await saved(second, 'longhand-step-40.safetensors')).toEqual(tensorsOf(long));
      const { stdout } = await longhand(['eval', long, '--json']);
      const { accuracy } = JSON.parse(stdout) as { accuracy: number };
      expect((await second.text('#test-result')).split(' ')[0]).toBe(accuracy.toFixed(4));
    },
  );

  testInBrowser('of a run that validates continues to validate, and stops early as on the command line', async () => {
    const [begun, whole] = ['begun', 'whole'].map((name) => path.join(folder, `${name}.safetensors`));
    const network = ['--hidden', '8', '--batch-size', '32', '--learning-rate', '0.5', '--seed', '2'];
    const validating = [...network, '--validate-every', '5', '--patience', '2'];
    const short = ['--training-iters', String(11 * 32), '--checkpoint', begun];
    expect((await longhand(['train', ...validating, ...short])).code).toBe(0);
    const resumed = ['--resume', begun, '--training-iters', String(201 * 32), '--checkpoint', whole];
    expect((await longhand(['train', ...resumed])).code).toBe(0);
    const { training } = parseCheckpoint(readFileSync(whole), whole);
    expect(training!.step).toBeLessThan(200); // it has stopped early

    const opened = await visit('');
    await opened.page.setInputFiles('#file', begun);
    await opened.waitForStep(10);
    expect(await opened.text('#link-note')).toMatch(/^This run began with a checkpoint, which no link contains; Reset/);
    await opened.set('steps', '200');
    await opened.page.click('#play');
    await opened.waitForText('#settings-note', 'The run stopped early: the validation loss no longer decreases.');
    await opened.waitForStep(training!.step);
    await opened.page.waitForSelector('#save:enabled');
    await saved(opened, `longhand-step-${training!.step}.safetensors`);
    const file = path.join(folder, `longhand-step-${training!.step}.safetensors`);
    const { best, validationsSinceBest, options } = parseCheckpoint(readFileSync(file), file).training!;
    expect([best, validationsSinceBest]).toEqual([training!.best, training!.validationsSinceBest]);
    expect(options.trainingIters).toBe(200 * 32 + 1); // the length that was set by hand
    await opened.page.click('#reset');
    await opened.waitForText('#link-note', 'The address of this page is a link that repeats this run.');
  });

  testInBrowser('that is damaged, or of another kind, is refused, and the present run continues', async () => {
    const opened = await visit(SMALL);
    await opened.page.click('#one-step');
    await opened.waitForStep(1);
    for (const [bytes, message] of [
      [Buffer.from('not a checkpoint'), /^bad\.safetensors: /],
      [
        await checkpointOf({ hidden: [16, 8] }),
        /: its layers have 16, 8 hidden units, but on the page all layers have/,
      ],
      [await checkpointOf({}, 'pixels'), /: a run of the task “pixels”, but the page trains only on MNIST’s images$/],
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
