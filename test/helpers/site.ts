/** The built site, and what a visitor does in its exercises, in a real Chromium. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { type Exercise, withMistake } from '../../src/exercises/exercise.js';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { BASE } from './built-site.js';
import { keepMessages, untilWorkerSends } from './chromium.js';
import { type Visit, LonghandPage, servePage } from './longhand-page.js';

/** Files of a built site, from its folder; those of /play are left out. */
export const filesOf = (folder: string, extension: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => name.endsWith(extension) && !name.startsWith('play/'));

/** No document contains the base that the site was built for, or a script, which the Content-Security-Policy would forbid. */
export function expectNoBase(folder: string): void {
  const pages = filesOf(folder, '.html').filter((name) => name !== '404.html'); // its policy has the hash of its script
  const wrong = pages.filter((name) => {
    const html = readFileSync(path.join(folder, name), 'utf8');
    return /<script(?![^>]* src=)/.test(html) || html.includes(BASE);
  });
  expect([pages.length > 10, wrong]).toEqual([true, []]);
}

type Options = Parameters<LonghandPage['open']>[1];

/** For a test file: its visits of the site, which a plain host serves. */
export function hostSite(built: () => Promise<string>) {
  let folder: string;
  const { open, address } = servePage(async () => {
    folder = await built();
    return LonghandPage.host(folder);
  });

  /** A visit of an exercise whose editor is ready. */
  async function work(name: string, options?: Options): Promise<Visit> {
    const visit = await open(addressOf(named(name)), options);
    await visit.page.waitForSelector('button.run');
    return visit;
  }

  return { open, work, folder: () => folder, address };
}

export const named = (name: string): Exercise => EXERCISES.find((exercise) => exercise.name === name)!;
export const addressOf = (exercise: Exercise): string => `exercises/${fileNameOf(exercise)}.html`;

export const EDITOR = '.cm-content[contenteditable=true]';

/** Replaces the editor's text, as a paste does. */
export async function paste(page: Page, text: string): Promise<void> {
  await page.focus(EDITOR);
  await page.keyboard.press('Control+a');
  await page.evaluate(
    ([selector, pasted]) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
      document.querySelector(selector)!.dispatchEvent(event);
    },
    [EDITOR, text] as const,
  );
}

/** The editor's text, as a copy gives it: only lines near the window are in the document. */
export async function textOf(page: Page): Promise<string> {
  await page.focus(EDITOR);
  await page.keyboard.press('Control+a');
  return page.evaluate((selector) => {
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true });
    document.querySelector(selector)!.dispatchEvent(event);
    return clipboardData.getData('text/plain');
  }, EDITOR);
}

export async function untilNoWorker(page: Page): Promise<void> {
  await Promise.all(page.workers().map((worker) => new Promise((resolve) => worker.once('close', resolve))));
}

export async function verdictOn(page: Page, text: string): Promise<string> {
  await paste(page, text);
  await page.click('button.run');
  return verdict(page);
}

export async function verdict(page: Page): Promise<string> {
  await page.waitForFunction(() => {
    const { textContent } = document.querySelector('.verdict')!;
    return textContent !== '' && !textContent.includes('runs …');
  });
  return page.innerText('.verdict');
}

/** Waits until training has ended. */
export const untilOver = (page: Page): Promise<unknown> => page.waitForSelector('button.run:text-is("Run")');

export const solution = (name: string): string => named(name).typescript.solution;
/** A wrong answer: with the exercise's mistake number n. */
export const mistaken = (name: string, n = 0): string =>
  withMistake(named(name).typescript.solution, named(name).mistakes[n]);

/** It does not end, and is no loop of the answer, which the answer's own loops would end. */
export const HANGING = "/^(a+)+$/.test('a'.repeat(99) + 'b');";
/** It makes no number. */
export const ENDLESS = `export function sigmoidBackward() {\n  ${HANGING}\n}\n`;

/** Before the page opens: its time passes only when a test says so, for `expectTimeLimit`. */
export async function holdTime(page: Page): Promise<void> {
  await page.clock.install();
  await keepMessages(page);
}

/** Runs a text that does not end: 9.9 seconds after it has begun it still runs, and 0.2 seconds later it is over. */
export async function expectTimeLimit(page: Page, text: string): Promise<void> {
  await paste(page, text);
  await page.clock.pauseAt(Date.now() + HOUR_MS);
  await page.evaluate('fromWorkers.splice(0)');
  await page.click('button.run');
  await untilWorkerSends(page, '"kind":"ready"'); // the time limit begins
  await page.clock.runFor(9_900);
  expect(await page.innerText('.verdict')).toContain('runs …');
  await page.clock.runFor(200);
  expect(await verdict(page)).toBe('Your code did not end within 10 seconds. Is there an endless loop?');
  await page.clock.resume();
}
const HOUR_MS = 3_600_000;
