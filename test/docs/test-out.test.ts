/** The gradient that is asked at the head of each chapter: a numeric derivative of the forward pass gives the same number. */
import { readFileSync } from 'node:fs';
import { slugify } from '../../docs/.vitepress/markdown.js';
import { sidebar } from '../../docs/.vitepress/sidebar.js';
import { TEST_OUTS, isRight, pageAfter } from '../../docs/.vitepress/theme/test-out.js';
import { EXERCISES } from '../../src/exercises/exercises.js';

const { tanh, atanh, exp, log } = Math;

/** The loss as a function of what the question's gradient belongs to, and its value there. */
const LOSSES: Readonly<Record<string, readonly [loss: (p: number) => number, at: number]>> = {
  'from-text-to-state': [(Wh) => 2 * tanh(atanh(0.6) + 0.5 * (Wh - 0.7)), 0.7],
  // the inputs are such that Wh = 0.7 gives the question's states
  'a-plain-rnn-first': [
    (Wh) => {
      const h1 = tanh(atanh(0.6) + 0.5 * (Wh - 0.7));
      return tanh(atanh(0.8) - 0.6 * 0.7 + h1 * Wh);
    },
    0.7,
  ],
  'the-lstm': [(c0) => 0.5 * (0.9 * (0.8 * c0)), 0.3],
  'backward-by-hand': [
    (c1) => {
      const h1 = 0.5 * tanh(c1);
      const j2 = tanh(atanh(0.4) + 0.5 * (h1 - 0.5 * 0.3));
      const rest = atanh(0.6) - 0.9 * atanh(0.3) - 0.7 * 0.4; // so that tanh c₂ is 0.6
      return 0.8 * tanh(0.9 * c1 + 0.7 * j2 + rest);
    },
    atanh(0.3),
  ],
  'loss-and-update': [
    (logit) => -log(exp(logit) / (exp(logit) + 0.7)) / 2, // the others' exponentials are 0.6 and 0.1
    log(0.3),
  ],
  'do-not-believe-it': [(w) => w ** 4, 1], // for which the five-point rule is exact
  'common-mistakes': [
    (Wh) => 0.2 * (0.6 - 0.5) * Wh + 0.4 * (0.8 - 0.6) * Wh, // dWh is linear in the states
    0,
  ],
  'why-these-gates': [(f) => 0.5 * (f * 0.8 + (1 - f) * -0.4), 0.3],
  'longer-deeper-two-way-and-words': [(h) => 0.3 * h - 0.3 * -h + 0.5 * (0.4 * h), 0.1],
  'other-cells': [
    (a2) => {
      const h2 = a2 * 0.3 + 0.1;
      return h2 + 2 * (0.4 * h2 + 0.2);
    },
    0.6,
  ],
};

test.each(Object.keys(TEST_OUTS))('%s', (chapter) => {
  const row = TEST_OUTS[chapter]!;
  const [loss, at] = LOSSES[chapter];
  const numeric = (loss(at + 1e-5) - loss(at - 1e-5)) / 2e-5;
  expect(row.answer).toBeCloseTo(numeric, 8);
  expect([row.answer, Number(row.answer.toFixed(3))].map((value) => isRight(value, row))).toEqual([true, true]);
  expect([-row.answer, 2 * row.answer, row.answer + 1e-3].map((value) => isRight(value, row))).toEqual([
    false,
    false,
    false,
  ]);
  expect(row.question).toMatch(/[.?]$/);
});

test('each page leads at its end to the page that its reply and the sidebar name', () => {
  const pages = sidebar[0].items!.map(({ link }) => `${link!.slice(1)}.md`).slice(1);
  const ends = pages.map((name) => /^Next: .*?\(([\w-]+)\.md\)/m.exec(readFileSync(`docs/${name}`, 'utf8'))?.[1]);
  expect(ends.slice(0, -1)).toEqual(pages.slice(1).map((name) => name.replace(/^learn\/|\.md$/g, '')));
  expect(pages.map((name) => pageAfter(sidebar, name)?.link)).toEqual([
    ...ends.slice(0, -1).map((name) => `/learn/${name}`),
    undefined,
  ]);
});

test('every chapter has one, and all exercises are known to who knows all of them', () => {
  const chapters = sidebar[0].items!.filter(({ text }) => /^\d+\. /.test(text!)).map(({ link }) => `docs${link}.md`);
  const headings = chapters.map((file) => slugify(/^# (.+)$/m.exec(readFileSync(file, 'utf8'))![1]));
  expect(Object.keys(TEST_OUTS)).toEqual(headings);
  const known = Object.values(TEST_OUTS).flatMap((row) => row!.exercises ?? []);
  expect(known).toEqual(EXERCISES.map(({ number }) => number));
});
