/** The site's search, in the built part of the site. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import MiniSearch from 'minisearch';
import { search } from '../../../docs/.vitepress/search.js';
import { testInBrowser } from '../../helpers/chromium.js';
import { builtSite, filesOf, hostSite } from '../../helpers/site.js';

const { folder } = hostSite(builtSite);

/** What a learner types, and where the first result must lead. */
const SEARCHES = {
  'vanishing gradient': 'learn/plain-rnn.html#what-goes-wrong',
  'vanishing gradients': 'learn/plain-rnn.html#what-goes-wrong',
  'exploding gradient': 'learn/plain-rnn.html#what-goes-wrong',
  bptt: 'learn/plain-rnn.html#why-we-add-over-time',
  'backpropagation through time': 'learn/plain-rnn.html#why-we-add-over-time',
  truncated: 'learn/plain-rnn.html#how-far-back-must-the-gradient-go',
  'forget gate': 'learn/lstm.html#the-cell',
  'forget bias': 'learn/lstm.html#the-forget-bias-an-experiment',
  'cell state': 'learn/lstm.html#the-cell',
  lstm: 'learn/lstm.html#the-lstm',
  adam: 'learn/loss-and-update.html#adam',
  clip: 'learn/loss-and-update.html#clipping',
  'gradient clipping': 'learn/loss-and-update.html#clipping',
  'learning rate': 'learn/loss-and-update.html#schedules',
  'softmax gradient': 'learn/loss-and-update.html#the-gradient-entry-by-entry',
  'gradient check': 'learn/check-it.html#',
  'numeric gradient': 'learn/check-it.html#a-numeric-derivative',
  gru: 'learn/gates.html#the-gru',
  peephole: 'learn/gates.html#one-cell-with-switches',
  embedding: 'learn/networks.html#words-or-characters',
  'one-hot': 'derivation.html#classes-as-inputs',
  dropout: 'derivation.html#dropout',
  nan: 'learn/mistakes.html#nan',
  overfitting: 'learn/questions.html#what-is-overfitting-and-what-helps',
  regularization: 'learn/questions.html#what-is-overfitting-and-what-helps',
  'early stopping': 'recipe.html#what-each-option-improves',
  'weight initialization': 'learn/questions.html#how-are-the-weights-initialised',
  initialisation: 'learn/questions.html#how-are-the-weights-initialised',
  'why does my loss not decrease': 'learn/questions.html#why-does-my-loss-not-decrease',
  'loss does not decrease': 'learn/questions.html#why-does-my-loss-not-decrease',
  install: 'readme.html#use',
  installation: 'readme.html#use',
  'confusion matrix': 'readme.html#use',
  'batch size': 'learn/what-an-rnn-is.html#units-batches-and-shapes',
  GPU: 'backends.html#gpu',
  onnx: 'files.html#export-and-import',
  'export to ONNX': 'files.html#export-and-import',
  'time series': 'your-own.html#a-time-series-from-a-csv-file',
  csv: 'your-own.html#a-time-series-from-a-csv-file',
  forecast: 'forecast.html#a-first-forecast',
  windows: 'forecast.html#windows',
  'save a model': 'your-own.html#save-a-network-and-load-it',
  'load a model': 'your-own.html#save-a-network-and-load-it',
  checkpoint: 'files.html#checkpoints',
  mask: 'derivation.html#sequences-of-different-lengths',
  padding: 'learn/mistakes.html#padding-and-rows-that-do-not-count',
  'variable length': 'your-own.html#sequences-of-different-lengths',
  bidirectional: 'learn/networks.html#two-directions',
  momentum: 'derivation.html#the-update',
  perplexity: 'tasks.html#text',
  sigmoid: 'exercises/04-sigmoid.html',
};

testInBrowser('the search finds the right section first, in an index below 300 KB', async () => {
  const file = filesOf(folder(), '.js').find((name) => name.includes('localSearchIndex'))!;
  const text = readFileSync(path.join(folder(), file), 'utf8');
  expect(text.length).toBeLessThan(300_000);
  const { default: json } = (await import(pathToFileURL(path.join(folder(), file)).href)) as { default: string };
  const fields = { fields: ['title', 'titles', 'text'], storeFields: ['title', 'titles'] };
  const { searchOptions } = search.options.miniSearch;
  const index = MiniSearch.loadJSON<{ title: string; titles: string[] }>(json, { ...fields, searchOptions });
  const first = (query: string): string => String(index.search(query)[0]?.id).replace(`${folder()}/`, '');
  const found = Object.entries(SEARCHES).map(([query, place]) => [query, first(query).slice(0, place.length)]);
  expect(Object.fromEntries(found)).toEqual(SEARCHES);
  expect(index.search('vanishing gradient')[0]).toMatchObject({
    titles: ['A plain RNN first'],
    title: 'What goes wrong',
  });
});
