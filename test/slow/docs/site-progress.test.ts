/** The built site in a real Chromium: what answers change and send, and the file of answers and progress. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { BUGS } from '../../../src/exercises/bugs.js';
import { PROGRESS_FILE, progressFrom, progressText } from '../../../src/exercises/folder.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, hostSite, solution, verdictOn } from '../../helpers/site.js';

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
  expect(await verdictOn(page, looping('for (const all = []; ; ) all.push(new Array(9));'))).toContain(
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
  await elsewhere.getByText('You have solved 1 of 12.').waitFor();
});
