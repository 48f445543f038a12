/** An exercise that stands open in a chapter. Its texts and its editor are loaded once the reader comes near. */
import { defineAsyncComponent, defineComponent, h, onMounted, onUnmounted, ref } from 'vue';

const OpenExercise = defineAsyncComponent(() => import('./open-exercise.js'));

/** How near, in the window's height. */
const NEAR = '100% 0px';

export default defineComponent({
  props: { name: { type: String, required: true } },
  setup({ name }) {
    const place = ref<HTMLElement>();
    const isNear = ref(false);
    let observer: IntersectionObserver | undefined;
    onMounted(() => {
      observer = new IntersectionObserver(
        (entries) => {
          if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
          isNear.value = true;
          observer?.disconnect();
        },
        { rootMargin: NEAR },
      );
      if (place.value) observer.observe(place.value);
    });
    onUnmounted(() => observer?.disconnect());
    return () => h('div', { class: 'exercise-here', ref: place }, isNear.value ? h(OpenExercise, { name }) : undefined);
  },
});
