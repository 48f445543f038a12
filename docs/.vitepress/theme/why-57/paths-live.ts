/** “Why 1% becomes 57%”: switches for the paths of the gradient, over saved networks. A worker computes with the functions of paths.mjs. */
import addresses from 'virtual:saved-networks';
import { computed, defineComponent, h, nextTick, onUnmounted, ref, shallowRef, useTemplateRef, watch } from 'vue';
import { type Open, STEPS } from '../../../learn/programs/path-switches.mjs';
import { lever, NumberSlider } from '../elements.js';
import {
  GATES_SIZE,
  gatesPicture,
  gradientOfRow,
  HEIGHT,
  ROW_HEIGHT,
  ROW_WIDTH,
  rowAt,
  rowsPicture,
  shareAt,
  SIDE,
  WIDTH,
  wordsOfGates,
  wordsOfRow,
  written,
} from './drawing.js';
import { QUESTIONS, START, type View } from './questions.js';
import type { Asked, Found } from './worker.js';

const IMAGES = 20;

const SWITCHES: readonly [keyof Open, string][] = [
  ['direct', 'the direct path'],
  ['i', 'i'],
  ['j', 'j'],
  ['f', 'f'],
  ['o', 'o'],
];

const absolute = (address: string): string => new URL(address, location.href).href;

interface Result extends Found {
  readonly view: View;
}

/** Answers for the newest view: while the worker computes, only the last of the views that follow waits. */
function useFound() {
  const [found, fault, isBusy] = [shallowRef<Result>(), ref(''), ref(false)];
  let worker: Worker | undefined;
  let waiting: (() => void) | undefined;
  const end = (): void => {
    isBusy.value = false;
    const next = waiting;
    waiting = undefined;
    next?.();
  };
  const fail = (message: string): void => {
    fault.value = `This could not be computed: ${message}. Change a setting to try again.`;
    end();
  };
  const ask = (view: View, image: number): void => {
    if (isBusy.value) {
      waiting = () => ask(view, image);
      return;
    }
    const { open, network, hasEarlyJ } = view;
    const of = (n: number): string => absolute(addresses[STEPS[n]]);
    worker ??= new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    isBusy.value = true;
    worker.onmessage = ({ data }: MessageEvent<Found | string>): void => {
      if (typeof data === 'string') {
        fail(data);
        return;
      }
      [found.value, fault.value] = [{ ...data, view }, ''];
      end();
    };
    worker.onerror = (event): void => {
      event.preventDefault(); // it is shown on the page
      worker?.terminate();
      worker = undefined;
      fail(event.message);
    };
    const images = absolute(addresses.images);
    const early = hasEarlyJ ? of(0) : undefined;
    worker.postMessage({ open: { ...open }, weights: of(network), early, images, image } satisfies Asked);
  };
  onUnmounted(() => worker?.terminate());
  return { found, fault, isBusy, ask };
}

export default defineComponent(() => {
  const [view, network, image, row] = [shallowRef(START), ref(START.network), ref(1), ref(1)];
  const [isLog, expected] = [ref(false), ref<number>()];
  /** What was said about the questions that are answered. */
  const said = shallowRef<readonly string[]>([]);
  const list = useTemplateRef<HTMLOListElement>('list');
  const { found, fault, isBusy, ask } = useFound();

  /** On the first use of anything, and after each change. */
  const compute = (): void => ask(view.value, image.value - 1);
  const begin = (): void => {
    if (!found.value && !isBusy.value && fault.value === '') compute();
  };
  const show = (changed: Partial<View>): void => {
    view.value = { ...view.value, ...changed };
    network.value = view.value.network;
    compute();
  };
  watch(network, (chosen) => chosen !== view.value.network && show({ network: chosen }));
  watch(image, compute);
  watch(found, (now) => {
    if (!now) return;
    const [part] = now.norms;
    const question = QUESTIONS.at(said.value.length);
    if (expected.value === undefined || !question?.isAnsweredBy(now.view, part)) return;
    said.value = [...said.value, question.says({ view: now.view, part, expected: expected.value })];
    void nextTick(() => {
      if (document.activeElement === document.body) list.value?.focus(); // the button that had the focus is no longer there
    });
  });

  const point = (event: PointerEvent): void => {
    const { left, top, width, height } = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    if (said.value.length === 0 && event.buttons > 0)
      expected.value = shareAt((event.clientX - left) / width, isLog.value);
    else row.value = rowAt((event.clientY - top) / height) + 1;
  };
  const check = (label: string, isOn: boolean, change: (isOn: boolean) => void) =>
    h('label', [
      h('input', {
        ...{ type: 'checkbox', checked: isOn },
        onChange: (event: Event) => change((event.target as HTMLInputElement).checked),
      }),
      ` ${label}`,
    ]);
  const question = ({ asks, does }: (typeof QUESTIONS)[number], n: number) => {
    if (n in said.value) return h('li', said.value[n]);
    const answer = (): void => {
      expected.value ??= 0; // where the slider stands
      if (does) show(does.view);
    };
    const button = { type: 'button', onClick: answer };
    return h('li', [
      h('b', asks),
      n === 0 &&
        h(NumberSlider, {
          ...{ id: 'expected-bar', label: 'Row 1', value: expected.value ?? 0, min: 0, max: 1, step: 0.01 },
          onChange: (value: number) => (expected.value = value),
        }),
      does && h('p', h('button', button, does.label)),
    ]);
  };
  const questions = () =>
    h('div', [
      h(
        'ol',
        { ref: 'list', tabindex: -1, 'aria-live': 'polite' },
        QUESTIONS.slice(0, said.value.length + 1).map(question),
      ),
      h('fieldset', { disabled: said.value.length === 0 }, [
        h('legend', said.value.length === 0 ? 'Open paths: draw your bar first' : 'Open paths'),
        SWITCHES.map(([name, label]) =>
          check(label, view.value.open[name], (isOpen) => show({ open: { ...view.value.open, [name]: isOpen } })),
        ),
        check("j's block of Wh from update 1", view.value.hasEarlyJ, (hasEarlyJ) => show({ hasEarlyJ })),
      ]),
      lever({
        ...{ id: 'saved-network', name: 'Updates of training', value: network, min: 0, max: STEPS.length - 1, step: 1 },
        shown: (n) => String(STEPS[n]),
      }),
      check('logarithmic scale', isLog.value, (isOn) => (isLog.value = isOn)),
      h('p', { class: 'after-row', role: 'status' }, status.value),
    ]);
  const status = computed(() => {
    if (fault.value !== '') return fault.value;
    if (isBusy.value) return found.value ? 'Computing …' : 'Loading a network of 0.3 MB …';
    if (!found.value) return `The bars are means over ${IMAGES} test images.`;
    return `After row 1: ${written(found.value.norms[0])} of ‖∂L/∂c‖ after row ${SIDE}.`;
  });
  const rows = () =>
    h('svg', {
      ...{ class: 'rows', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' },
      'aria-label': `A test image, and ‖∂L/∂c‖ after each of its rows, divided by that after the last`,
      innerHTML: rowsPicture({ found: found.value, expected: expected.value, row: row.value - 1, isLog: isLog.value }),
      ...{ onPointermove: point, onPointerdown: point },
    });
  const svg = (label: string, [width, height]: readonly [number, number], innerHTML: string) =>
    h('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label, innerHTML });
  const gradient = (now: Result) =>
    h('div', [
      lever({ id: 'row-of-image', name: 'Row', value: row, min: 1, max: SIDE, step: 1 }),
      lever({ id: 'test-image', name: 'Test image', value: image, min: 1, max: IMAGES, step: 1 }),
      svg('∂L/∂x of the row', [ROW_WIDTH, ROW_HEIGHT], gradientOfRow(now, row.value - 1)),
      h('p', { 'aria-live': 'polite' }, wordsOfRow(now, row.value - 1)),
    ]);
  const gates = (now: Result) =>
    h('div', [svg('The units by their mean f', GATES_SIZE, gatesPicture(now.f)), h('p', wordsOfGates(now.f))]);

  return () =>
    h(
      'section',
      {
        ...{ class: 'live paths-live', 'aria-label': 'The paths of the gradient, with switches' },
        ...{ onPointerenter: begin, onFocusin: begin },
      },
      [
        questions(),
        rows(),
        found.value && [gradient(found.value), said.value.length > 0 && gates(found.value)], // f answers the page's first prediction
      ],
    );
});
