/** What a bundle of the page or of the site has besides code: data files, fonts, the licences of packages, and the words of the experiments. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { LICENCES_FILE, licencesOf } from '../../../build/licences.mjs';
import { FILES, packagedDirectory } from '../../data/mnist-files.js';
import { packagedText, TEXT_NAME } from '../../data/text-files.js';
import { type Experiment, EXPERIMENTS } from '../experiments.js';
import type { DataFile } from '../fetch-data.js';

const readMnist = (name: string): Buffer => readFileSync(path.join(packagedDirectory(), name));
const readText = (): Buffer => readFileSync(packagedText());

/** The default export of each virtual module: the names, sizes and checksums with which the page reports its progress and verifies the files. */
const MODULES = new Map<string, () => unknown>([
  [
    'virtual:mnist-files',
    () => Object.fromEntries(Object.entries(FILES).map(([key, name]) => [key, described(name, readMnist(name))])),
  ],
  ['virtual:text-file', () => described(TEXT_NAME, readText())],
]);

/** Makes the virtual modules. No type of a plugin: the page's Vite has another one than the site's. */
export function dataFiles() {
  return {
    name: 'data-files',
    resolveId: (id: string) => (MODULES.has(id) ? `\0${id}` : null),
    load(id: string) {
      const contents = id.startsWith('\0') ? MODULES.get(id.slice(1)) : undefined;
      return contents ? `export default ${JSON.stringify(contents())};\n` : null;
    },
  };
}

function described(name: string, bytes: Uint8Array): DataFile {
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Moby-Dick as a file of the site. Its package is not needed at run time. */
export function textInSite(): Plugin {
  return {
    name: 'text-in-site',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: `data/${TEXT_NAME}.gz`, source: gzipSync(readText(), { level: 9 }) });
    },
  };
}

/** MNIST as files of the site. */
export function mnistInSite(): Plugin {
  return {
    name: 'mnist-in-site',
    generateBundle() {
      for (const name of Object.values(FILES))
        this.emitFile({ type: 'asset', fileName: `data/${name}.gz`, source: gzipSync(readMnist(name), { level: 6 }) });
    },
  };
}

/**
 * KaTeX's stylesheet names its fonts in three formats, and Inter's the font of every script. This plugin keeps the rules
 * `@font-face` that `isUsed` accepts, and of these WOFF2.
 */
export const usedFonts = (isUsed: (face: string) => boolean) => ({
  name: 'used-fonts',
  enforce: 'pre' as const,
  transform(code: string, id: string): string | null {
    if (!/\/(katex(\.min)?|inter\/index)\.css$/.test(id)) return null;
    const used = code.replace(/@font-face\s*\{[^}]*\}/g, (face) => (isUsed(face) ? face : ''));
    return used.replace(/,\s*url\([^)]*\.(woff|ttf)\)\s*format\([^)]*\)/g, '');
  },
});

/** What the plugins use of a bundle. */
interface Bundle {
  getModuleIds(): Iterable<string>;
  emitFile(file: { type: 'asset'; fileName: string; source: string }): string;
}

/**
 * Writes the licences of the packages in a bundle and its workers to a file, so that copies of the bundle have them. One plugin
 * is for the workers, which Vite builds first. `others`: files that are no modules; `note` is about them.
 */
export function licences(others: readonly string[] = [], note?: string) {
  const files = new Set(others);
  const add = (ids: Iterable<string>): void => {
    for (const id of ids) files.add(id.replace(/^\0/, '').replace(/\?.*$/, '')); // without what Vite's plugins add
  };
  return {
    /** The licences of the packages of more files. */
    add,
    forWorkers: () => ({
      name: 'licences-in-workers',
      generateBundle(this: Bundle): void {
        add(this.getModuleIds());
      },
    }),
    forPage: () => ({
      name: 'licences-in-page',
      apply: (_: unknown, { isSsrBuild }: { isSsrBuild?: boolean | undefined }) => isSsrBuild !== true,
      generateBundle(this: Bundle): void {
        add(this.getModuleIds());
        this.emitFile({ type: 'asset', fileName: LICENCES_FILE, source: licencesOf([...files], note) });
      },
    }),
  };
}

/* The words of the guided experiments, which the build writes into index.html. test/slow/page/experiments.test.ts compares them with the runs. */

interface ExperimentWords {
  /** A question about the run, before it begins. */
  readonly predict: string;
  readonly lookFor: string;
  /** What one saw, and why. */
  readonly saw: readonly string[];
  /** A chapter with more about it: its file in docs/ without .md, its section, and its name. */
  readonly chapter: { readonly page: string; readonly section: string; readonly name: string };
}

/** By the ids of `EXPERIMENTS`. HTML. */
export const EXPERIMENT_WORDS: Readonly<Record<string, ExperimentWords>> = {
  'no-later-steps': {
    predict:
      'dc forgets what reaches it from the later steps, so only h carries a gradient back. Does the network still learn?',
    lookFor:
      'Watch the left end of the lines, row 0: how much of the gradient arrives there? Then compare the accuracy with that of a run without the mistake.',
    saw: [
      'In the new network almost nothing arrives at row 0, less than the chart can show: the gradient passes the small numbers of Wh and of the gates 28 times. Training makes these numbers larger: after 400 steps, ‖∂L/∂c‖ at row 0 is about a quarter of that at the last row, and all of it comes through h.',
      'At first the network learns from the last rows alone. The loss falls, but later it rises again, because a wrong gradient can lead uphill. After 400 steps fewer than half of the test images are read correctly, and about 93% without the mistake. No error is reported.',
    ],
    chapter: { page: 'learn/by-hand', section: 'two-paths-into-c₁', name: 'chapter 4, Two paths into c₁' },
  },
  'wrong-but-it-learns': {
    predict: 'di is computed with i in place of j, so the gradient of a whole gate is wrong. What does the loss do?',
    lookFor: 'Watch the loss and the accuracy. Would you notice the mistake, if you did not know the right curve?',
    saw: [
      'The loss falls nearly as usual, and 89% of the test images are read correctly; without the mistake it is 93%. The other gates have right gradients, and they compensate for the wrong one.',
      'So a falling loss does not show that the gradients are right. The gradient check does: press “Check the gradients” below with this mistake.',
    ],
    chapter: {
      page: 'learn/mistakes',
      section: 'most-mistakes-do-not-stop-the-training',
      name: 'chapter 7, Most mistakes do not stop the training',
    },
  },
  'rate-too-high': {
    predict: 'The learning rate is 1 in place of 0.003. Will the loss fall faster, stay, or become NaN?',
    lookFor:
      'A network that gives each of ten classes the probability 0.1 has the loss 2.30. On which side is the loss?',
    saw: [
      'The loss jumps far above 2.30, so the network is worse than a guess for a while. After 400 steps the accuracy is below 30%.',
      'Adam divides each gradient by its size, so an update is about as large as the learning rate. The first update changes every weight by 1, while no LSTM weight was larger than 0.2. Then the gates are near 0 or 1, where their derivatives vanish. Nothing becomes NaN, because gates and states stay below 1 or grow only slowly.',
    ],
    chapter: { page: 'learn/loss-and-update', section: 'adam', name: 'chapter 5, Adam' },
  },
  'forget-bias': {
    predict:
      'With forget bias 0, f begins near 0.5; with 3, near 0.95. Which of them brings the gradient back to row 0?',
    lookFor: 'Compare both ends of the lines before the first steps change them, and the accuracy after the run.',
    saw: [
      'With forget bias 0, ∂L/∂c at row 0 begins at about a millionth of that at the last row. Each step back multiplies it by about 0.6, because f is near 0.5, and a little more arrives through h. With forget bias 1, ∂L/∂c at row 0 begins at about half a percent, and with 3 it does not shrink at all.',
      'But 3 is not best here: the accuracies are about 89% with 0, 93% with 1 and 91% with 3. With 3 the cell also keeps what is not needed, and training has to lower f first. In all three, training raises the gradient at row 0, compared with that at the last row.',
    ],
    chapter: { page: 'learn/lstm', section: 'the-forget-bias-an-experiment', name: 'chapter 3, The forget bias' },
  },
  'by-heart': {
    predict:
      'The network reads only 5,000 characters, again and again. What do the bits per character do on the batch, and on text that it has not read?',
    lookFor:
      'The line is the batch, and the points are the validation part: 250 characters that the run never trains on.',
    saw: [
      'At first both fall, because the network learns which letters are frequent and which follow each other. After about 300 steps the points no longer fall, and after 500 they rise, while the line keeps falling: from about 3.4 to 4.2 bits, and to 1.7.',
      'From there on, the network learns these 5,000 characters by heart, and what it learns is wrong for other text. More text prevents it, and so does stopping where the points are lowest.',
    ],
    chapter: { page: 'recipe', section: 'what-each-option-improves', name: 'A more accurate network' },
  },
};

const OTHER_CELLS = {
  page: 'learn/other-cells',
  section: 'what-one-pays-and-what-one-gets',
  name: 'chapter 10, Other cells',
};

/** Replaces `<!-- experiments -->`, `<!-- experiment -->` and `<!-- other-cells -->`. In a site, the experiments link to their chapters. */
export function experimentsInPage(isInSite: boolean): Plugin {
  return {
    name: 'experiments-in-page',
    transformIndexHtml: (html) =>
      html
        .replace('<!-- experiments -->', () => EXPERIMENTS.map(card).join('\n'))
        .replace('<!-- experiment -->', () => EXPERIMENTS.map((one) => words(one, isInSite)).join('\n'))
        .replace('<!-- other-cells -->', () => moreIn(OTHER_CELLS, isInSite)),
  };
}

const wordsOf = ({ id }: Experiment) => EXPERIMENT_WORDS[id];

const card = (experiment: Experiment): string => `
<li>
  <h3>${experiment.title}</h3>
  <p>${wordsOf(experiment).predict}</p>
  ${runButton(experiment, 0)}
</li>`;

const moreIn = ({ page, section, name }: ExperimentWords['chapter'], isInSite: boolean): string =>
  isInSite ? `<a href="../${page}.html#${section}">${name}</a>` : `${name} (docs/${page}.md)`;

function words(experiment: Experiment, isInSite: boolean): string {
  const { id, title, runs } = experiment;
  const { lookFor, saw, chapter } = wordsOf(experiment);
  const more = moreIn(chapter, isInSite);
  return `
<div data-words="${id}" hidden>
  <h3>${title}</h3>
  <p>${lookFor}</p>
  <div class="bar">${runs.map((_, n) => (n === 0 ? '' : runButton(experiment, n))).join('\n')}</div>
  <details>
    <summary>What you saw, and why</summary>
    ${saw.map((text) => `<p>${text}</p>`).join('\n')}
    <p>More: ${more}.</p>
  </details>
</div>`;
}

const runButton = ({ id, runs }: Experiment, n: number): string =>
  `<button id="run-${id}-${n}" data-run="${id} ${n}" type="button" disabled>${runs[n].label}</button>`;
