/** An exercise in a chapter: what to write, and the workbench of its own page. */
import { withBase } from 'vitepress';
import { defineComponent, h } from 'vue';
import { EXERCISES, fileNameOf } from '../../../../src/exercises/exercises.js';
import { withCode } from '../elements.js';
import Workbench from './workbench.js';

export default defineComponent({
  props: { name: { type: String, required: true } },
  setup({ name }) {
    const exercise = EXERCISES.find((one) => one.name === name);
    if (!exercise) throw new Error(`no exercise ${name}`);
    const { number, title, formula, task } = exercise;
    const link = withBase(`/exercises/${fileNameOf(exercise)}.html`);
    return () =>
      // the classes of its own page, whose styles it has
      h('section', { class: 'exercise-page', 'aria-label': `Exercise ${number}: ${title}` }, [
        h('div', { class: 'vp-doc' }, [
          h('p', [h('a', { href: link }, `Exercise ${number}: ${title}`)]),
          h('pre', { class: 'indented', tabindex: 0 }, h('code', formula.join('\n'))),
          h('p', withCode(task)),
          h(Workbench, { name }),
        ]),
      ]);
  },
});
