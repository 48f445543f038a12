/**
 * Light and dark. VitePress can switch without transitions, but then it computes the styles of the whole page twice whenever a page is
 * opened, too. So its option is off, and the switch does the same only when it is pressed.
 */
import { useData } from 'vitepress';
import { nextTick, provide } from 'vue';

/** In the setup of a component around VitePress's layout. */
export function switchWithoutTransitions(): void {
  const { isDark } = useData();
  provide('toggle-appearance', async () => {
    const { classList } = document.documentElement;
    classList.add('no-transitions');
    isDark.value = !isDark.value;
    await nextTick();
    getComputedStyle(document.body).getPropertyValue('color'); // the new colours are there before transitions are
    classList.remove('no-transitions');
  });
}
