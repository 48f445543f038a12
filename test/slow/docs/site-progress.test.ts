/**
 * The built site in a real Chromium: what answers change and send, and the file of answers and progress. And “Find the bug”: narrow and dark,
 * then wide and light, by keyboard and by touch, and without scripts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BUGS } from '../../../src/exercises/bugs.js';
import { PROGRESS_FILE, progressFrom, progressText } from '../../../src/exercises/folder.js';
import { builtSite } from '../../helpers/built-site.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { hostSite, solution, verdictOn } from '../../helpers/site.js';
import { findBugs } from '../../../docs/learn/programs/find-bugs-page.mjs';
import { expectGood, NARROW, viewForAxe } from '../../helpers/axe.js';

const { open, work, address } = hostSite(builtSite);

let place = '';
beforeAll(() => void (place = mkdtempSync(path.join(tmpdir(), 'site-progress-'))));
afterAll(() => rmSync(place, { recursive: true }));

const VERDICT = "{ kind: 'verdict', verdict: { outcome: 'right', compared: 17 }, printed: '' }";

testInBrowser('nothing that an answer changes or sends makes a wrong one right, and no tick is stored', async () => {
  const { page } = await work('sigmoid');
  const wrong = 'export const sigmoidBackward = (dI, i) => dI * i;';
  for (const trick of [
    'Math.abs = () => 0;',
    'Array.prototype.map = () => [];',
    `postMessage(${VERDICT}); postMessage({ kind: 'computed', computed: { numbers: [] }, printed: '' }); postMessage({ kind: 'end' });`,
    `const { postMessage: post } = MessagePort.prototype; MessagePort.prototype.postMessage = function () { post.call(this, ${VERDICT}); };`,
    `globalThis.onmessage = ({ ports }) => ports[0].postMessage(${VERDICT}); dispatchEvent(new MessageEvent('message', { data: {} }));`,
    `for (const name of ['longhand', 'exercises']) new BroadcastChannel(name).postMessage(${VERDICT});`,
    'Object.prototype.then = (done) => done({ numbers: [] });',
  ])
    expect([trick, await verdictOn(page, `${trick}\n${wrong}`)]).toEqual([
      trick,
      expect.stringMatching(/^(Not yet right|Your code cannot be run|Your code fails)/),
    ]);
  expect(await page.evaluate(() => localStorage.getItem('longhand-exercises'))).toContain('"solved":false');
  const odd = `Math.abs = (x) => (x < 0 ? -x : x);\nArray.prototype.last = function () { return this.at(-1); };\n`;
  expect(await verdictOn(page, odd + solution('sigmoid'))).toContain('All 17 numbers agree');
});

testInBrowser('a loop without an end has its line, and one that fills the memory says so', async () => {
  const { page } = await work('sigmoid');
  const ended = 'line 2: this loop of sigmoidBackward did not end within 3 seconds: what should end it?';
  const looping = (body: string): string => `export function sigmoidBackward() {\n  ${body}\n}`;
  expect(await verdictOn(page, looping('for (;;);'))).toBe(`Your code cannot be run: ${ended}`);
  // an error takes long to make: in 3 seconds, new lists would fill 1.7 GB
  expect(await verdictOn(page, looping('for (const all = []; ; ) all.push(new Error());'))).toContain(
    'If it keeps what it makes, it fills the memory too.',
  );
  const large = looping('return new Float64Array(8e9).length;');
  expect(await verdictOn(page, large)).toMatch(/line 2: (it asks for more memory than there is|RangeError: )/);
});

testInBrowser('a file of answers: written, read, refused, and no text is lost', async () => {
  const visit = await work('sigmoid');
  const { page } = visit;
  await verdictOn(page, solution('sigmoid'));
  await page.goto(address() + 'exercises/');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('.transfer .download')]);
  expect(download.suggestedFilename()).toBe(PROGRESS_FILE);
  const file = path.join(place, 'mine.json');
  await download.saveAs(file);
  const mine = progressFrom('mine.json', readFileSync(file));
  expect(mine).toEqual({ exercises: { sigmoid: { typescript: solution('sigmoid') } }, bugs: {} });

  const status = page.locator('.transfer [role=status]');
  const read = async (contents: string, words: RegExp): Promise<void> => {
    writeFileSync(path.join(place, 'read.json'), contents);
    await page.setInputFiles('.transfer input', path.join(place, 'read.json'));
    await status.filter({ hasText: words }).waitFor();
  };
  const stored = (): Promise<string> => page.evaluate(() => JSON.stringify(Object.entries(localStorage)));
  const before = await stored();
  for (const bad of ['{', '[]', progressText(mine).replace('"version": 1', '"version": 2')]) {
    await read(bad, /^The file has not been read\. read\.json: /);
    expect(await stored()).toBe(before);
  }

  const [bug] = BUGS;
  const other = '// other\n' + solution('sigmoid');
  const exercises = { sigmoid: { typescript: other }, gates: { javascript: 'export const x = 1;', hints: 2 } };
  await read(progressText({ exercises, bugs: { [bug.name]: [9, bug.wrongLine] } }), /1 answer .* 0 of 1 right/);
  expect(await page.innerText('.transfer li')).toBe('4. The derivative of σ (TypeScript)');
  expect(await stored()).not.toContain('// other');
  expect(await page.innerText('tr:has-text("Through the gates") td >> nth=2')).toBe('tried, 2 of 3 hints');
  await page.click('button:text-is("Use those of the file")');
  await status.filter({ hasText: '1 of 1 right' }).waitFor();
  expect(await stored()).toContain('// other');
  await page.goto(address() + 'exercises/bugs.html');
  await page.getByText('You have found 1 of 6 wrong lines').waitFor();

  // elsewhere, a tick follows from a check
  const { page: elsewhere } = await open('exercises/');
  await elsewhere.waitForSelector('.transfer');
  await elsewhere.setInputFiles('.transfer input', file);
  await elsewhere.getByText('You have solved 1 of 14.').waitFor();
});

testInBrowser(
  'who calculates the gradient at the head of a chapter knows its exercises, and pages that are no chapter ask none',
  async () => {
    const { page } = await open('learn/networks.html', viewForAxe(...NARROW));
    await page.locator('.test-out summary').press('Enter');
    const field = page.locator('.test-out input');
    for (const [value, words] of [
      ['x', 'This is not a number.'],
      ['0.2', 'This is not the gradient. The chapter derives it.'],
      ['0.8', 'Right. Exercise 12 counts as known. Next: 10. Other cells'],
    ]) {
      await field.fill(value);
      await field.press('Enter');
      expect(await page.innerText('#test-out-verdict')).toBe(words);
    }
    await expectGood(page);
    await page.click('.test-out a');
    await page.waitForURL('**/learn/other-cells.html');
    await page.goto(address() + 'exercises/');
    await page.getByText('You have solved 0 of 14, and know 1 more.').waitFor();
    expect(await page.locator('td:text-is("✓ known")').count()).toBe(1);
    await page.goto(address() + 'learn/notation.html');
    await page.waitForSelector('.vp-doc table');
    expect(await page.locator('.test-out').count()).toBe(0);
  },
);

testInBrowser('one program by the keyboard, and one by touch', async () => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe(...NARROW), hasTouch: true });
  page.on('dialog', (dialog) => void dialog.accept());
  const [first, second] = [page.locator('.find-bug').first(), page.locator('.find-bug').nth(1)];
  await page.waitForFunction(() => document.querySelectorAll('.find-bug').length === 6);

  // the lines are one stop, which begins at line 2; the arrow keys choose, and nothing is checked before Enter
  await first.locator('.program').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('ArrowDown');
  await first.getByRole('button', { name: 'Check line 3' }).waitFor();
  expect(await first.locator('.find-bug-answer').innerText()).toBe('');
  await page.keyboard.press('Enter');
  await first.getByText('Line 3 is right.').waitFor();
  expect(await first.getByRole('radio', { name: 'Line 3, right' }).isChecked()).toBe(true);

  await second.getByRole('radio', { name: 'Line 19' }).tap();
  await second.getByRole('button', { name: 'Check line 19' }).tap();
  await second.getByText('This is the first part of (4′).').waitFor();
  await second.getByRole('radio', { name: 'Line 20' }).tap();
  await second.getByRole('button', { name: 'Check line 20' }).tap();
  await second.getByText('Right. Line 20:').waitFor();
  await page.getByText('You have found 1 of 6').waitFor();
  await expectGood(page); // a line of the first program is refused, and the second one is found
  await page.getByRole('button', { name: 'Begin again' }).click();
  await page.getByText('You have found 0 of 6').waitFor();
  expect(await second.getByRole('radio', { name: 'Line 20' }).count()).toBe(1);
});

testInBrowser('in every program the first and the last line are refused, and the wrong one is not', async () => {
  const { page } = await open('exercises/bugs.html', viewForAxe('light', 1440));
  for (const [n, { wrongLine, choosable }] of (await findBugs()).entries()) {
    const program = page.locator('.find-bug').nth(n);
    const others = choosable.flatMap((one, at) => (one && at + 1 !== wrongLine ? [at + 1] : []));
    for (const line of [others[0], others.at(-1)]) {
      await program.locator(`input[value="${line}"]`).check();
      await program.getByRole('button').click();
      await program.getByText(`Line ${line} is right.`).waitFor();
    }
    await program.locator(`input[value="${wrongLine}"]`).check();
    await program.getByRole('button').click();
    await program.getByText(`Right. Line ${wrongLine}:`).waitFor();
  }
});

testInBrowser('what another program has stored does no harm', async () => {
  const { page } = await open('exercises/bugs.html', viewForAxe('light', 1440));
  await page.evaluate(() =>
    localStorage.setItem('longhand-bugs', '{"one-tensor":{"tried":[3,"x",999,-1],"found":1},"a":7}'),
  );
  await page.reload();
  await page.getByText('You have found 0 of 6').waitFor();
  const first = page.locator('.find-bug').first();
  await first.getByRole('radio', { name: 'Line 3, right' }).waitFor();
  expect(await first.locator('.find-bug-answer').innerText()).toBe('');
});

testInBrowser('without scripts: the programs, the evidence, and the answers on a page of their own', async () => {
  const { page } = await open('exercises/bugs.html', { ...viewForAxe('light', 390), javaScriptEnabled: false });
  expect(await page.locator('.vp-doc pre', { hasText: '24            dWh[m][n]' }).isVisible()).toBe(true);
  expect(await page.locator('img[src*="find-bug-6"]').isVisible()).toBe(true);
  await page.getByRole('link', { name: 'The answer' }).first().click();
  await page.locator('summary').first().click();
  expect(await page.getByText('Line 24 is wrong').isVisible()).toBe(true);
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
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem('longhand-bugs')!) as object; // another program of this origin writes there
    localStorage.setItem('longhand-bugs', JSON.stringify({ ...kept, other: { found: true } }));
  });
  await page.reload();
  await page.getByText('You have found 1 of 6 wrong lines.').waitFor();
  expect(await program.innerText()).toMatch(/The wrong line is line 24[^]*You needed 2 choices\./);
  expect(await page.locator('.find-bug').count()).toBe(6);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});
