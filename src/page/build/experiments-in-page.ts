/** What the build writes into index.html about the guided experiments, and about the site that the page is a part of. */
import type { Plugin } from 'vite';
import type { Experiment } from '../experiments.js';
import { EXPERIMENTS } from '../experiments.js';
import { EXPERIMENT_WORDS } from './experiment-words.js';

/** Replaces `<!-- experiments -->` and `<!-- experiment -->`. In a site, the experiments link to their chapters. */
export function experimentsInPage(isInSite: boolean): Plugin {
  return {
    name: 'experiments-in-page',
    transformIndexHtml: (html) =>
      html
        .replace('<!-- experiments -->', () => EXPERIMENTS.map(card).join('\n'))
        .replace('<!-- experiment -->', () => EXPERIMENTS.map((one) => words(one, isInSite)).join('\n')),
  };
}

const wordsOf = ({ id }: Experiment) => EXPERIMENT_WORDS[id];

const card = (experiment: Experiment): string => `
<li>
  <h3>${experiment.title}</h3>
  <p>${wordsOf(experiment).predict}</p>
  ${runButton(experiment, 0)}
</li>`;

function words(experiment: Experiment, isInSite: boolean): string {
  const { id, title, runs } = experiment;
  const { lookFor, saw, chapter } = wordsOf(experiment);
  const { page, section, name } = chapter;
  const more = isInSite ? `<a href="../${page}.html#${section}">${name}</a>` : `${name} (docs/${page}.md)`;
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
