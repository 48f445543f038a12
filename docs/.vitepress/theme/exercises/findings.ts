/** Shows what a run has found: the verdict, and the losses of the training. */
import { type VNode, defineComponent, h, ref } from 'vue';
import { wordsOf } from '../../../../src/exercises/behind.js';
import type { WrongNumber, Exercise, Verdict } from '../../../../src/exercises/exercise.js';
import { digitsOf, plainElement } from '../../../../src/exercises/exercise.js';
import { followWords } from '../../../../src/exercises/replies.js';
import { silentWays } from '../../../../src/exercises/silent-ways.js';
import type { Attempt } from './attempt.js';
import type { StepLoss } from './check-and-train.js';

/** A table scrolls in a narrow window, also by the keyboard. */
export const scrollingTable = (
  name: string,
  label: string,
  headings: readonly string[],
  rows: readonly (readonly (VNode | string)[])[],
): VNode =>
  h('div', { class: `${name} scrolling`, tabindex: 0, role: 'group', 'aria-label': label }, [
    h('table', [
      h('thead', rowOf(headings.map((text) => h('th', { scope: 'col' }, text)))),
      h(
        'tbody',
        rows.map((cells) => rowOf(cells.map((cell) => h('td', [cell])))),
      ),
    ]),
  ]);

const rowOf = (cells: VNode[]): VNode => h('tr', cells);

/** `source`: the text that was run. */
export function verdictView(exercise: Exercise, verdict: Verdict, source: string): VNode[] {
  switch (verdict.outcome) {
    case 'right':
      return [
        h('p', { class: 'right' }, `Right, because ${exercise.because}.`),
        h('p', `All ${verdict.compared} numbers agree with ${standardOf(exercise)}.`),
      ];
    case 'untouched':
      return [h('p', 'This is still the start text. Write your lines, and then run it.')];
    case 'error':
      return [h('p', { class: 'wrong' }, `Your code cannot be run: ${verdict.message}`)];
    case 'wrong':
      return [
        h('p', { class: 'wrong' }, `Not yet right: ${tensorsOf(verdict.differences)}.`),
        ...[followWords(exercise.name, verdict.differences), silentWays(source)]
          .filter((words) => words !== '')
          .map((words) => h('p', { class: 'follows' }, words)),
        differencesView(verdict.differences),
        ...behindView(verdict.differences),
        ...(verdict.diagnosis === undefined
          ? []
          : [h(Diagnosis, { key: verdict.diagnosis, words: verdict.diagnosis })]),
      ];
  }
}

/** The second reply: what the numbers show about the mistake, once the reader asks. */
const Diagnosis = defineComponent(
  ({ words }: { words: string }) => {
    const isShown = ref(false);
    const name = (): void => void (isShown.value = true);
    return () =>
      isShown.value
        ? h('p', { class: 'diagnosis' }, words)
        : h('button', { type: 'button', class: 'name-mistake', onClick: name }, 'Name the mistake');
  },
  { props: ['words'] },
);

/** In a few words, beside the buttons. */
export function shortVerdict(verdict: Verdict): string {
  switch (verdict.outcome) {
    case 'right':
      return 'Right.';
    case 'untouched':
      return 'Still the start text.';
    case 'error':
      return `Cannot be run: ${verdict.message}`;
    case 'wrong': {
      const [{ element, expected, found }] = verdict.differences;
      const [right, wrong] = digitsOf(expected, found);
      return `Not yet right: ${plainElement(element)} is ${wrong}, but must be ${right}.`;
    }
  }
}

/** What the answer has printed while it was checked. */
export const printedView = (printed: string): VNode[] =>
  printed === ''
    ? []
    : [h('h2', 'What your code printed'), h('pre', { class: 'printed', tabindex: 0 }, h('code', printed))];

/** Adam is not a gradient: there the check compares with the project's own function. */
const standardOf = ({ trains }: Exercise): string =>
  trains === 'adam' ? 'those of the project’s own Adam' : 'numeric derivatives';

const tensorsOf = ({ length }: readonly WrongNumber[]): string =>
  length === 1 ? 'one tensor differs' : `${length} tensors differ`;

const differencesView = (differences: readonly WrongNumber[]): VNode =>
  scrollingTable(
    'differences',
    'The tensors that differ',
    ['First element that differs', 'Expected', 'Found', 'Elements that differ'],
    differences.map(({ element, expected, found, differing, size }) => [
      element,
      ...pairOf(expected, found),
      `${differing} of ${size}`,
    ]),
  );

/** What each expected number follows from. */
function behindView(differences: readonly WrongNumber[]): VNode[] {
  const items = differences.flatMap(({ element, behind }) =>
    behind ? [h('li', [h('code', plainElement(element)), `: ${wordsOf(behind)}`])] : [],
  );
  if (items.length === 0) return [];
  const lead = 'The inputs behind each expected number, so that you can recompute it by hand:';
  return [h('p', lead), h('ul', { class: 'behind' }, items)];
}

/** Both numbers, as `digitsOf` shows them. */
export function pairOf(expected: number, found: number): [string, string] {
  const [right, wrong] = digitsOf(expected, found);
  return [right, Number.isNaN(found) ? 'NaN: not written, or computed from NaN' : wrong];
}

/** The line, counted from 1, that an error names at its beginning. */
export function lineOf(verdict: Verdict | undefined): number | undefined {
  const line = verdict?.outcome === 'error' ? /^line (\d+)/.exec(verdict.message)?.[1] : undefined;
  return line === undefined ? undefined : Number(line);
}

/** In the units of the drawing. */
const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [360, 190, 34, 10, 10, 40];

/** Shows the loss of each training step: with the reader's function, over that with the project's own. */
export function trainingView(
  { trains }: Exercise,
  { losses, steps, isRunning, noTraining, verdict }: Attempt,
): VNode[] {
  const wrong = verdict?.outcome !== 'wrong' ? undefined : trains === 'adam' ? 'update' : 'gradient';
  const isDone = losses.length > 0 && losses.length === steps;
  if (losses.length === 0 && noTraining === undefined) return [];
  return [
    h('h2', 'Training with your function'),
    ...(losses.length > 0 ? [figureOf(losses, steps)] : []),
    h('p', { role: 'status' }, [
      isDone && !isRunning ? conclusionOf(losses, wrong) : '',
      noTraining === undefined ? '' : `There is no training result. ${noTraining}`,
    ]),
  ];
}

function figureOf(losses: readonly StepLoss[], steps: number): VNode {
  const { right, answer } = losses[losses.length - 1];
  const most = Math.max(2.5, ...losses.flatMap((loss) => [loss.right, loss.answer]).filter(Number.isFinite));
  const x = (step: number): number => LEFT + ((step - 1) / Math.max(1, steps - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (loss: number): number => HEIGHT - BOTTOM - (loss / most) * (HEIGHT - TOP - BOTTOM);
  const line = (of: keyof StepLoss): VNode => {
    const points = losses.flatMap((loss, n) =>
      Number.isFinite(loss[of]) ? [`${x(n + 1).toFixed(1)},${y(loss[of]).toFixed(1)}`] : [],
    );
    return h('polyline', { class: `${of}-losses`, points: points.join(' ') });
  };
  const label = `Loss of ${losses.length} of ${steps} training steps. Last loss: ${short(answer)} with your function, ${short(right)} with the project’s own.`;
  const text = (content: string, left: number, top: number, anchor: string): VNode =>
    h('text', { x: left, y: top, 'text-anchor': anchor }, content);
  const ticks = ticksOf(most);
  return h('figure', { class: 'loss-curve' }, [
    h('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label }, [
      ...ticks.map((tick) => h('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick) })),
      ...ticks.map((tick) => text(String(tick), LEFT - 8, y(tick) + 4, 'end')),
      ...[1, ...TENS.filter((ten) => ten <= steps)].map((step) => text(String(step), x(step), HEIGHT - 22, 'middle')),
      text('step', (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, 'middle'),
      line('right'),
      line('answer'),
    ]),
    h('figcaption', [
      h('span', { class: 'answer-losses' }, `your function: ${short(answer)}`),
      h('span', { class: 'right-losses' }, `the project’s own: ${short(right)}`),
      h('span', `loss after ${losses.length - 1} of ${steps - 1} updates`),
    ]),
  ]);
}

const TENS = [10, 20, 30, 40, 50];

/** About four round numbers from 0 to `most`. */
export function ticksOf(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => Number((n * step).toPrecision(3)));
}

const short = (loss: number): string => (Number.isFinite(loss) ? loss.toFixed(3) : String(loss));

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

/** Single batches differ by less: the mean of the last steps must be this much below the mean of the first. */
const FALL = 0.9;
const SOME_STEPS = 5;

/** What the numbers show, and only that. `wrong`: what differs in the reader's function, `undefined` if nothing does. */
export function conclusionOf(losses: readonly StepLoss[], wrong: 'gradient' | 'update' | undefined): string {
  const of = (steps: readonly StepLoss[]): [number, number] => [
    mean(steps.map(({ answer }) => answer)),
    mean(steps.map(({ right }) => right)),
  ];
  const [first, firstRight] = of(losses.slice(0, SOME_STEPS));
  const [last, lastRight] = of(losses.slice(-SOME_STEPS));
  const means = `The mean of the first and the last ${SOME_STEPS} losses: ${short(first)} and ${short(last)} with your function, ${short(firstRight)} and ${short(lastRight)} with the project’s own.`;
  if (wrong === undefined) return means;
  if (losses.every(({ answer, right }) => answer === right))
    return `${means} All losses are equal: this training never needs the numbers that are wrong, so it cannot show the mistake.`;
  if (!Number.isFinite(last)) return `${means} The wrong ${wrong} has made the loss ${short(last)}.`;
  if (last < FALL * first)
    return `${means} The loss falls although the ${wrong} is wrong: a falling loss proves nothing.`;
  if (last < first)
    return `${means} The loss falls by ${percent(1 - last / first)}, which single batches can explain: this shows neither that the ${wrong} is right nor that it is wrong.`;
  return `${means} With the wrong ${wrong} the loss does not fall.`;
}

const percent = (part: number): string => (part < 0.01 ? 'less than 1%' : `${Math.round(100 * part)}%`);
