/** The order of the documents. */
import type { DefaultTheme } from 'vitepress';
import { exercisesInSidebar } from './exercise-pages.js';

const page = (name: string, text: string): DefaultTheme.SidebarItem => ({ text, link: `/${name}` });

export const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Learn',
    items: [
      page('', 'What Longhand is'),
      page('learn/plain-rnn', 'A plain RNN first'),
      page('learn/by-hand', 'Backward, by hand'),
      page('derivation', 'Every gradient, derived'),
      page('tutorial-parity', 'The tutorial and Longhand'),
      page('kernels', 'A fast matrix product'),
    ],
  },
  exercisesInSidebar,
  {
    text: 'Use',
    items: [
      page('page', 'The page'),
      page('your-own', 'Networks of your own'),
      page('tasks', 'Other tasks'),
      page('recipe', 'A more accurate network'),
      page('files', 'Files and formats'),
      page('backends', 'Backends'),
      page('scale', 'Beyond one computer'),
      page('contributing', 'Contributing'),
    ],
  },
  {
    text: 'Measure',
    items: [
      page('benchmarks', 'Benchmarks'),
      page('benchmarks-network', 'Larger networks'),
      page('benchmarks-text', 'Character models'),
      page('benchmarks-gpu', 'GPU modes'),
      page('gpu-js', 'What GPU.js could do better'),
    ],
  },
];
