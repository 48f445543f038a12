/** Elements of several pages and figures: texts with code, numbers that the reader types, and levers. */
import { type Ref, type VNode, defineComponent, h, ref } from 'vue';

/** Texts with code between backticks, as in Markdown. */
export const withCode = (text: string): (VNode | string)[] =>
  text.split('`').map((part, n) => (n % 2 === 1 ? h('code', part) : part));

export interface Range {
  readonly min: number;
  readonly max: number;
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** A number as the fields show it. */
export const shown = (value: number): string => String(value).replace('-', '−');

/** The number of a text, perhaps Infinity, or a word about why it is none. */
export function numberOf(text: string): number | string {
  const plain = text.trim().replace(/^[−–]/, '-');
  if (plain === '') return 'Type a number.';
  if (/^[-+]?\d*,\d+$/.test(plain)) return 'Write a decimal point, not a comma.';
  return NUMBER.test(plain) ? Number(plain) : 'This is not a number.';
}

/** The number that a reader has typed, or a word about why it is none in this range. */
export function typedNumber(text: string, { min, max }: Range): number | string {
  const value = numberOf(text);
  if (typeof value === 'string' || (value >= min && value <= max)) return value;
  return `Type a number from ${shown(min)} to ${shown(max)}.`;
}

/** A lever of a figure: a slider with its name and its number. */
export interface Lever {
  readonly id: string;
  readonly name: string;
  readonly value: Ref<number>;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** The number as it is shown and read out, if it is not the slider's own. */
  readonly shown?: (value: number) => string;
}

export function lever({ id, name, value, min, max, step, shown = String }: Lever): VNode {
  const text = shown(value.value);
  return h('div', { class: 'lever' }, [
    h('label', { for: id }, [`${name}: `, h('b', text)]),
    h('input', {
      ...{ id, type: 'range', min, max, step, value: value.value, 'aria-valuetext': text },
      onInput: (event: Event) => (value.value = Number((event.target as HTMLInputElement).value)),
    }),
  ]);
}

interface Properties extends Range {
  readonly id: string;
  readonly label: string;
  readonly value: number;
  readonly step: number;
}

/**
 * A number that the reader drags or types. A text that is no such number gets a word beside it, and the last good number stays. Emits
 * `change` with each good number.
 */
export const NumberSlider = defineComponent(
  (properties: Properties, { emit }: { emit: (event: 'change', value: number) => void }) => {
    /** What stands in the field while it is no good number. */
    const typed = ref<string>();
    const fault = ref('');
    const drag = (event: Event): void => {
      [typed.value, fault.value] = [undefined, ''];
      emit('change', Number((event.target as HTMLInputElement).value));
    };
    const type = (event: Event): void => {
      const text = (event.target as HTMLInputElement).value;
      const value = typedNumber(text, properties);
      typed.value = text;
      fault.value = typeof value === 'string' ? value : '';
      if (typeof value === 'number') emit('change', value);
    };
    /** The field shows the number again. */
    const leave = (): void => {
      if (fault.value === '') typed.value = undefined;
    };
    return () => {
      const { id, label, value, min, max, step } = properties;
      const isFaulty = fault.value !== '';
      return h('div', { class: 'number-slider' }, [
        h('label', { for: id }, label),
        h('input', { id, type: 'range', min, max, step, value, onInput: drag }),
        h('input', {
          ...{ type: 'text', autocomplete: 'off', spellcheck: false, value: typed.value ?? shown(value) },
          ...{ 'aria-label': `${label}, typed`, 'aria-invalid': isFaulty, 'aria-describedby': `${id}-fault` },
          ...{ onInput: type, onBlur: leave },
        }),
        h('p', { id: `${id}-fault`, class: 'fault', role: 'status' }, fault.value),
      ]);
    };
  },
  { props: ['id', 'label', 'value', 'min', 'max', 'step'], emits: ['change'] },
);

/** The second step of a reply: what is known about a mistake, which the reader asks for. */
export const nameButton = (name: string, onClick: () => void): VNode =>
  h(
    'button',
    { type: 'button', class: 'name-mistake', 'aria-label': `Name the mistake in ${name}`, onClick },
    'Name the mistake',
  );
