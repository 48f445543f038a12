/** Texts with code between backticks, as in Markdown. */
import type { VNode } from 'vue';
import { h } from 'vue';

export const withCode = (text: string): (VNode | string)[] =>
  text.split('`').map((part, n) => (n % 2 === 1 ? h('code', part) : part));
