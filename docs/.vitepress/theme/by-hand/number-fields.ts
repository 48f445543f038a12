/** Chapter 4: a field for each number that the reader calculates, above the box that has the chapter's own number, and what the page says about it. */
import type { VNode } from 'vue';
import { computed, defineComponent, h, onMounted, onUnmounted, reactive, shallowRef, Teleport, watch } from 'vue';
import { listed } from '../../../../src/core/arguments.js';
import { nameButton, numberOf } from '../elements.js';
import { storageEntry } from '../storage.js';
import { type Values, evaluate, mistakesIn, namesIn } from './formulas.js';
import { ALL_LINES, EXACT, type Line, LINES, readersOf } from './lines.js';

const DECIMALS = 4;

/** As the chapter shows them, and as the reader calculates with them. */
const ROUNDED: Values = Object.fromEntries(
  Object.entries(EXACT).map(([name, value]) => [name, Number(value.toFixed(DECIMALS))]),
);

export interface Verdict {
  /** `rounded`: to fewer decimals, or from rounded numbers. `unreadable`: no number. */
  readonly kind: 'right' | 'rounded' | 'wrong' | 'unreadable';
  readonly words: string;
  /** What is known about a wrong number. The reader asks for it. */
  readonly mistake?: string;
}

const isRight = ({ kind }: Verdict): boolean => kind === 'right' || kind === 'rounded';

/** The number of a text, or why it is none. */
export function numberFrom(text: string): number | string {
  const value = numberOf(text);
  return typeof value === 'string' || Number.isFinite(value) ? value : 'This number is too large.';
}

/** `numbers`: the reader's numbers of the lines, by name. A number can be right for one of them that is wrong. */
export function verdictOn({ name, formula }: Line, text: string, numbers: Values = {}): Verdict {
  const value = numberFrom(text);
  if (typeof value === 'string') return { kind: 'unreadable', words: value };
  const shown = ROUNDED[name].toFixed(DECIMALS);
  if (isSame(value, EXACT[name]) || isSame(value, ROUNDED[name])) return { kind: 'right', words: 'Right.' };
  if (isRounded(value, name)) return { kind: 'rounded', words: `Right, but rounded: ${shown} to four decimals.` };
  const decimals = /\.(\d*)/.exec(text)?.[1].length ?? 0;
  if ((decimals === 1 || decimals === 2) && Number(EXACT[name].toFixed(decimals)) === value)
    return { kind: 'wrong', words: 'Right so far, but too short: calculate four decimals.' };
  const readers = listed(readersOf(name));
  const words = `${name} differs${readers && `, and so does what is computed from it: ${readers}`}.`;
  return { kind: 'wrong', words, mistake: reasonOf({ name, formula }, value, numbers) };
}

const isSame = (value: number, other: number): boolean => value.toFixed(DECIMALS) === other.toFixed(DECIMALS);

/** The right number to three decimals, or one that differs by less than 1% and 0.0005, as numbers do that are calculated from rounded ones. */
function isRounded(value: number, name: string): boolean {
  const toThree = [EXACT[name], ROUNDED[name]].map((right) => Number(right.toFixed(3)));
  return toThree.includes(value) || Math.abs(value - EXACT[name]) < Math.min(0.01 * Math.abs(EXACT[name]), 5e-4);
}

/** Numbers of a mistake are compared more closely: each of them would else stand for many others. */
const isNear = (value: number, other: number): boolean => Math.abs(value - other) < 1.5e-4;

function reasonOf({ name, formula }: Line, value: number, numbers: Values): string {
  const found = mistakesIn(name, formula).filter((mistake) =>
    [ROUNDED, EXACT].some((values) => isNear(value, evaluate(mistake.formula, values))),
  );
  if (found.length > 0) {
    const conditions = found.slice(0, 2).map(({ condition }) => `if ${condition}`);
    return `You get this number ${conditions.join(', or ')}.`;
  }

  const earlier = namesIn(formula, EXACT).filter((one) => one in numbers && !isRounded(numbers[one], one));
  if (earlier.length > 0 && isNear(value, evaluate(formula, { ...ROUNDED, ...numbers })))
    return `It follows from your ${listed(earlier)}, which ${earlier.length > 1 ? 'are' : 'is'} not right yet.`;

  const section = Object.values(LINES).find((lines) => lines.some((line) => line.name === name)) ?? [];
  const other = section.find((line) => isNear(value, EXACT[line.name]));
  if (other) return `This is the number of ${other.name}.`;
  return 'The page does not know this mistake.';
}

/** The numbers that the reader has typed, in the browser's localStorage. */
const entry = storageEntry('longhand-by-hand');
/** In characters: a field is no longer. */
const LONGEST_NUMBER = 30;

/** By the line's name. `isKept` is false if the browser does not store them. */
const answers = reactive<{ of: Partial<Record<string, string>>; isKept: boolean }>({ of: {}, isKept: true });

/** Reads what is stored. Numbers that could not be stored stay until the reader leaves the site. */
function loadAnswers(): void {
  if (!answers.isKept) return;
  const stored = entry.read();
  answers.of = Object.fromEntries(
    ALL_LINES.flatMap(({ name }) => {
      const text = stored[name];
      const isAnswer =
        typeof text === 'string' && text.length <= LONGEST_NUMBER && typeof numberFrom(text) === 'number';
      return isAnswer ? [[name, text]] : [];
    }),
  );
}

/** Other tabs may have stored other numbers. */
function saveAnswer(name: string, text: string): void {
  answers.of[name] = text;
  answers.isKept = entry.write({ ...entry.read(), [name]: text });
}

function forgetAnswers(): void {
  answers.of = {};
  if (!entry.forget()) answers.isKept = false;
}

/** The verdicts on all numbers so far, by the line's name. */
const verdicts = computed(() => {
  const given = ALL_LINES.flatMap((line) => {
    const text = answers.of[line.name];
    return text === undefined ? [] : [{ line, text }];
  });
  const numbers = Object.fromEntries(given.map(({ line, text }) => [line.name, Number(numberFrom(text))]));
  return new Map(given.map(({ line, text }) => [line.name, verdictOn(line, text, numbers)]));
});

function isDone({ name }: Line): boolean {
  const verdict = verdicts.value.get(name);
  return verdict !== undefined && isRight(verdict);
}

/** A box of the chapter that has sections of the program, and an element before it for their fields. */
interface Box {
  readonly details: HTMLDetailsElement;
  readonly element: HTMLElement;
  readonly titles: readonly string[];
}

function boxesInDocument(): Box[] {
  return Array.from(document.querySelectorAll<HTMLDetailsElement>('.vp-doc details')).flatMap((details) => {
    const texts = Array.from(details.querySelectorAll('pre'), (pre) => pre.textContent);
    const titles = texts.map((text) => text.split('\n')[0]).filter((title) => title in LINES);
    if (titles.length === 0) return [];
    const element = document.createElement('div');
    details.before(element);
    return [{ details, element, titles }];
  });
}

const isBoxDone = ({ titles }: Box): boolean => titles.every((title) => LINES[title].every(isDone));

const idOf = (line: Line): string => `by-hand-${ALL_LINES.indexOf(line)}`;

/** Texts that are no number, by the line's name: they are shown, but not kept. */
type Drafts = Map<string, string>;

/** What the reader has asked for: the mistake in a number, and the lines of a section, by their names. */
type Shown = Set<string>;

function field(line: Line, drafts: Drafts, shown: Shown): VNode {
  const { name } = line;
  const id = idOf(line);
  const draft = drafts.get(name);
  const verdict: Verdict | undefined =
    draft === undefined ? verdicts.value.get(name) : { kind: 'unreadable', words: String(numberFrom(draft)) };
  const check = (event: Event): void => {
    const { value } = event.target as HTMLInputElement;
    shown.delete(name);
    if (typeof numberFrom(value) === 'string') drafts.set(name, value);
    else {
      drafts.delete(name);
      saveAnswer(name, value.trim());
    }
  };
  const mistake = verdict?.mistake;
  return h('div', { class: ['number-field', verdict?.kind] }, [
    h('label', { for: id }, h('code', `${name} = ?`)),
    h('input', {
      ...{ id, type: 'text', autocomplete: 'off', spellcheck: false, maxlength: LONGEST_NUMBER },
      ...{ value: draft ?? answers.of[name] ?? '', 'aria-describedby': `${id}-verdict` },
      ...(verdict && { 'aria-invalid': verdict.kind === 'wrong' || verdict.kind === 'unreadable' }),
      onChange: check,
    }),
    h('p', { id: `${id}-verdict`, 'aria-live': 'polite' }, [
      verdict?.words,
      mistake !== undefined && shown.has(name) ? ` ${mistake}` : undefined,
    ]),
    mistake !== undefined && !shown.has(name) ? nameButton(name, () => shown.add(name)) : undefined,
  ]);
}

function sectionOf(title: string, drafts: Drafts, shown: Shown): VNode {
  const lines = LINES[title];
  const what = lines.length === 1 ? 'the line' : `the ${lines.length} lines`;
  const isOpen = shown.has(title);
  return h('fieldset', { class: 'number-fields' }, [
    h('legend', `Your numbers: ${title}`),
    lines.map((line) => field(line, drafts, shown)),
    h('div', { class: 'shown-lines' }, [
      h(
        'button',
        {
          ...{ type: 'button', 'aria-expanded': isOpen, 'aria-label': `Show ${what} of ${title}` },
          onClick: () => (isOpen ? shown.delete(title) : shown.add(title)),
        },
        isOpen ? `Hide ${what}` : `Show ${what}`,
      ),
      isOpen
        ? h('pre', { tabindex: 0 }, lines.map(({ name, formula }) => `${name} = ${formula}`).join('\n'))
        : undefined,
    ]),
  ]);
}

/** How many numbers are right, which is next, and a new beginning. */
function summary(again: () => void): VNode {
  const next = ALL_LINES.find((line) => !isDone(line));
  const show = (): void => document.getElementById(next ? idOf(next) : '')?.focus();
  return h('section', { class: 'number-summary', 'aria-label': 'Your numbers' }, [
    h('p', { 'aria-live': 'polite' }, [
      `${ALL_LINES.filter(isDone).length} of your ${ALL_LINES.length} numbers are right. `,
      answers.isKept ? 'Your browser keeps them; no server gets them.' : 'This browser does not keep your numbers.',
    ]),
    next && h('button', { type: 'button', onClick: show }, `Go to ${next.name}`),
    h('button', { type: 'button', onClick: again }, 'Begin again'),
  ]);
}

export default defineComponent(() => {
  const boxes = shallowRef<readonly Box[]>([]);
  const drafts = reactive<Drafts>(new Map());
  const shown = reactive<Shown>(new Set());
  const done = computed(() => boxes.value.map(isBoxDone));
  let end: (() => void) | undefined;
  onMounted(() => {
    loadAnswers();
    boxes.value = boxesInDocument();
    end = entry.onOtherTabs(loadAnswers);
  });
  onUnmounted(() => {
    end?.();
    for (const { element } of boxes.value) element.remove();
  });
  // A box opens once its last number is right. The reader can open and close it before and after.
  watch(done, (now, before) => {
    for (const [n, { details }] of boxes.value.entries()) if (now[n] && !before[n]) details.open = true;
  });
  const beginAgain = (): void => {
    if (!confirm('Forget all your numbers in this chapter? This cannot be undone.')) return;
    forgetAnswers();
    drafts.clear();
    shown.clear();
    for (const { details } of boxes.value) details.open = false;
  };
  return () => [
    summary(beginAgain),
    boxes.value.map(({ element, titles }) =>
      h(
        Teleport,
        { to: element },
        h(
          'div',
          titles.map((title) => sectionOf(title, drafts, shown)),
        ),
      ),
    ),
  ];
});
