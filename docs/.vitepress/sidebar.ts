/** The order of the documents. */
import type { DefaultTheme } from 'vitepress';
import { exercisesInSidebar } from './exercise-pages.js';

const page = (name: string, text: string): DefaultTheme.SidebarItem => ({ text, link: `/${name}` });

export const sidebar: DefaultTheme.SidebarItem[] = [
  {
    text: 'Learn',
    items: [
      page('', 'What Longhand is'),
      page('learn/what-an-rnn-is', '1. What an RNN is'),
      page('learn/plain-rnn', '2. A plain RNN first'),
      page('learn/lstm', '3. The LSTM'),
      page('learn/by-hand', '4. Backward, by hand'),
      page('derivation', 'Every gradient, derived'),
      page('learn/loss-and-update', '5. Loss and update'),
      page('learn/check-it', '6. Do not believe it'),
      page('learn/fast', '7. Making it fast'),
      page('kernels', 'A fast matrix product'),
      page('learn/networks', '8. Longer, deeper, two-way, and words'),
      page('learn/mistakes', '9. Common mistakes'),
      page('learn/notation', 'Notation and glossary'),
      page('learn/questions', 'Questions'),
      page('tutorial-parity', 'The tutorial and Longhand'),
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
      page('changelog', 'Changes'),
      page('security', 'Security'),
    ],
  },
  {
    text: 'Measure',
    items: [
      page('benchmarks', 'Benchmarks'),
      page('benchmarks/full', 'All measurements'),
      page('benchmarks-network', 'Larger networks'),
      page('benchmarks-text', 'Character models'),
      page('benchmarks-gpu', 'GPU modes'),
      page('gpu-js', 'What GPU.js could do better'),
    ],
  },
];
