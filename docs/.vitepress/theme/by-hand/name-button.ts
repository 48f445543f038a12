/** The second step of a reply: what is known about a mistake, which the reader asks for. */
import { type VNode, h } from 'vue';

export const nameButton = (name: string, onClick: () => void): VNode =>
  h(
    'button',
    { type: 'button', class: 'name-mistake', 'aria-label': `Name the mistake in ${name}`, onClick },
    'Name the mistake',
  );
