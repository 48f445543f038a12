/** The order of the documents, and of the pages of the API reference. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { EXERCISES, fileNameOf } from '../../src/exercises/exercises.js';
import { slugify } from './markdown.js';
import { apiFolder, project } from './source-pages.js';

type Item = DefaultTheme.SidebarItem;

const page = (name: string, text: string): Item => ({ text, link: `/${name}` });

const exercises: Item = {
  text: 'Exercises',
  items: [
    { text: 'All exercises', link: '/exercises/' },
    ...EXERCISES.map((one) => ({ text: `${one.number}. ${one.title}`, link: `/exercises/${fileNameOf(one)}` })),
    { text: 'A network of your own', link: '/exercises/network' },
    { text: 'Find the bug', link: '/exercises/bugs' },
    { text: 'Find the bug: answers', link: '/exercises/bugs-answers' },
  ],
};

export const sidebar: Item[] = [
  {
    text: 'Learn',
    items: [
      page('', 'Where to begin'),
      page('learn/what-an-rnn-is', '1. From text to state'),
      page('learn/plain-rnn', '2. A plain RNN first'),
      page('learn/min-char-rnn', 'Your own min-char-rnn'),
      page('learn/lstm', '3. The LSTM'),
      page('learn/by-hand', '4. Backward, by hand'),
      page('learn/why-57', 'Why 1% becomes 57%'),
      page('learn/loss-and-update', '5. Loss and update'),
      page('learn/check-it', '6. Do not believe it'),
      page('learn/mistakes', '7. Common mistakes'),
      page('learn/gates', '8. Why these gates?'),
      page('learn/networks', '9. Longer, deeper, two-way, and words'),
      page('learn/other-cells', '10. Other cells'),
    ],
  },
  exercises,
  {
    text: 'Questions',
    items: [
      page('questions/loss-stays', 'Why does my loss not decrease?'),
      page('questions/overfitting', 'What is overfitting?'),
      page('questions/longer', 'Why was longer training worse?'),
      page('questions/dropout', 'What does dropout do?'),
      page('questions/initial-weights', 'Initial weights'),
      page('questions/scaling', 'Must I scale?'),
      page('questions/last-value', 'Forecasts repeat the last value'),
      page('questions/constant', 'Recursive forecasts become constant'),
      page('questions/stateful', 'Stateful or not?'),
      page('questions/other-framework', 'Other numbers in another framework'),
      page('learn/questions', 'About this code'),
    ],
  },
  {
    text: 'Look up',
    items: [
      page('derivation', 'Every gradient, derived'),
      page('learn/notation', 'Notation and glossary'),
      page('learn/mistakes-table', 'All planted mistakes'),
      page('tutorial-parity', 'The tutorial and Longhand'),
    ],
  },
  {
    text: 'Appendix: speed',
    items: [
      page('learn/fast', 'Making it fast'),
      page('kernels', 'A fast matrix product'),
      page('gpu-kernels', 'The same on a GPU'),
      page('webgpu-kernels', 'The same in WGSL'),
    ],
  },
  {
    text: 'Use',
    items: [
      page('readme', 'What Longhand is'),
      page('page', 'The page'),
      page('your-own', 'Networks of your own'),
      page('tasks', 'Other tasks'),
      page('recipe', 'A more accurate network'),
      page('files', 'Files and formats'),
      page('backends', 'Backends'),
      page('scale', 'Beyond one computer'),
      page('contributing', 'Contributing'),
      page('changelog', 'Changes'),
      page('security', 'Security'),
    ],
  },
  {
    text: 'Measure',
    items: [
      page('measure/', 'Measure it yourself'),
      page('benchmarks', 'Benchmarks'),
      page('gpu-js', 'What GPU.js could do better'),
    ],
  },
];

/** The sidebar of the API reference: the entries, and below `longhand` the source files, each with its place in the entry's page. */
export function apiSidebar(): Item[] {
  const entries = JSON.parse(readFileSync(path.join(apiFolder, 'typedoc-sidebar.json'), 'utf8')) as Item[];
  const linked = (item: Item): Item => ({ link: `/api/longhand/#${slugify(item.text ?? '')}`, ...item });
  return [
    { text: 'API', link: '/api/' },
    ...entries.map(({ items = [], ...entry }) => ({ ...entry, collapsed: false, items: items.map(linked) })),
  ];
}

const ITSELF = '_resolveComponent("VPSidebarItem", true)';

/** A Vite plugin: below each of its entries, VitePress's sidebar uses theme/sidebar-leaf.ts in the HTML that the build writes. */
export const sidebarLeaves = () => ({
  name: 'sidebar-leaves',
  enforce: 'post' as const, // the hash of the component's text is in its styles
  transform(code: string, id: string, options?: { ssr?: boolean }) {
    if (!options?.ssr || !/VPSidebarItem\.vue\?.*type=script/.test(id)) return null;
    if (!code.includes(ITSELF)) throw new Error('VPSidebarItem.vue does not use itself');
    const leaf = JSON.stringify(path.join(project, 'docs/.vitepress/theme/sidebar-leaf.ts'));
    return { code: `import SidebarLeaf from ${leaf};${code.replace(ITSELF, 'SidebarLeaf')}`, map: null };
  },
});
