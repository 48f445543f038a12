/**
 * Below a picture that moves: a button that stops it, and starts it again. For readers who want less motion, the picture stands
 * still until they press the button. The picture's own style says so too, but Chromium does not apply it to every image.
 */
import { defineComponent, h, onMounted, ref } from 'vue';

/** If the picture's address ends so, it shows its last frame, or moves for readers who want less motion, too. */
const [STILL, MOVING] = ['#still', '#moving'];

const pictureOf = (button: HTMLElement | undefined): HTMLImageElement | null | undefined =>
  button?.closest('.vp-doc')?.querySelector('img[src*="/reach."]');

export default defineComponent(() => {
  const button = ref<HTMLButtonElement>();
  const moves = ref(true);

  const setMoving = (isMoving: boolean): void => {
    const picture = pictureOf(button.value);
    if (!picture) return;
    moves.value = isMoving;
    const [address] = picture.src.split('#');
    picture.src = address + (isMoving ? MOVING : STILL);
  };
  onMounted(() => {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) setMoving(false);
  });
  return () =>
    h('p', { class: 'motion' }, [
      h(
        'button',
        { ref: button, type: 'button', onClick: () => setMoving(!moves.value) },
        moves.value ? 'Stop the motion' : 'Move the picture',
      ),
    ]);
});
