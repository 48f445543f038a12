import type { VNode } from 'vue';
import { h } from 'vue';

/** A table scrolls in a narrow window, also by the keyboard. */
export const scrollingTable = (name: string, label: string, parts: VNode[]): VNode =>
  h('div', { class: `${name} scrolling`, tabindex: 0, role: 'group', 'aria-label': label }, [h('table', parts)]);
