/** The page: creates the worker with the engine and the views of its subject, and keeps the settings in the page's address. */
import '@fontsource-variable/inter/index.css';
import { wrap } from 'comlink';
import 'katex/dist/katex.min.css';
import 'virtual:equation-styles.css';
import { NormsChart } from './chart.js';
import { CheckView } from './check-view.js';
import type { Subject } from './common.js';
import { askBeforeLeaving, element, messageOf, showError, showLinkFault } from './dom.js';
import type { Engine } from './engine.js';
import { type Experiment, experimentOf, settingsFor } from './experiments.js';
import { ExperimentsView } from './experiments-view.js';
import { InspectView, MisreadImages } from './inspect-view.js';
import { fromQuery, START, toQuery } from './link.js';
import { type Settings, type View, settingsOf } from './settings.js';
import './style/base.css';
import './style/controls.css';
import './style/pictures.css';
import './style/text.css';
import './style/mathematics.css';
import { TextLookView } from './text/look-view.js';
import { SampleStrip, WriteView } from './text/write-view.js';
import { TextSource } from './text/text-source.js';
import { type TrainListener, TrainView } from './train-view.js';
import { TwoCellsView } from './two-cells-view.js';

const worker = new Worker(new URL('./engine.ts', import.meta.url), { type: 'module' });
/** The view of the run, while there can be one. */
let run: { readonly isUnsaved: boolean } | undefined;
askBeforeLeaving(() => run?.isUnsaved === true);
worker.addEventListener('error', ({ message }) => {
  run = undefined;
  showError(`The engine stopped: ${message || 'its script could not be loaded'}.`, {
    label: 'Reload the page',
    run: () => location.reload(),
  });
});
const engine = wrap<Engine>(worker);

/** The pictures, lines and mistakes of an equation have this attribute, with the equation's number. */
const EQUATION = 'data-equation';

let state: Settings & View = fromQuery(location.search, showLinkFault);
let addressTimer: ReturnType<typeof setTimeout> | undefined;

/** Waits 200 ms, since browsers limit how often a page may change its address. */
function changeState(change: Partial<Settings & View>): void {
  state = { ...state, ...change };
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, '', `${location.pathname}${toQuery(state)}`), 200);
}

const show = (error: unknown): void => showError(messageOf(error));
const { subject } = state;
showSubject(subject);

/** What a subject does with the run's network; `TrainView` calls it. */
type SubjectListener = Omit<TrainListener, 'onSettings' | 'onText' | 'onEnabled'>;
let textSource: TextSource | undefined;
let trainView: TrainView;
startTraining();
highlightEquationsOnHover();

function startTraining(): void {
  const listener: SubjectListener = subject === 'text' ? textViews() : digitViews();
  const train = subject === 'digits' ? trainWith : undefined;
  const checkView = new CheckView(engine, state.mistake, (mistake) => changeState({ mistake }), show, train);
  const play = (experiment: Experiment, n: number): void => {
    changeState({ experiment: experiment.id });
    void trainView.playWith(settingsFor(experiment, n, state));
  };
  const experiments = new ExperimentsView(subject, play, () => state.threads);
  experiments.show(state.experiment);
  new TwoCellsView(engine, show);
  const mustStart = location.hash === `#${START}`; // the address soon loses it, so that a reload starts nothing
  textSource = subject === 'text' ? textSourceView() : undefined;
  trainView = new TrainView(engine, settingsOf(state), {
    ...listener,
    onSettings: changeState,
    onText: (facts, name) => textSource?.show(facts, name),
    onEnabled: (isEnabled) => {
      for (const view of [textSource, experiments, checkView]) view?.setEnabled(isEnabled);
    },
  });
  run = trainView;
  void trainView.loadData().then(() => {
    const experiment = experimentOf(state.experiment);
    if (mustStart && experiment?.subject === subject) experiments.run(experiment, 0);
  });
}

/** Trains the digits' network with a planted mistake. */
function trainWith(planted: string): void {
  element('train', HTMLElement).scrollIntoView({ block: 'start' });
  void trainView.playWith({ ...settingsOf(state), rateChanges: [], planted });
}

function digitViews(): SubjectListener {
  const inspectView = new InspectView(
    engine,
    state,
    ({ image, row, lstm }) => changeState({ image, row, lstm }),
    (error) => trainView.fail(error),
    new NormsChart(element('experiment-chart', HTMLElement), 'row'),
  );
  const misreadImages = new MisreadImages(engine, (image) => {
    inspectView.choose(image);
    element('look', HTMLElement).scrollIntoView({ block: 'start' });
  });
  return {
    onNewRun: () => misreadImages.clear(),
    onWeights: () => inspectView.refresh(),
    weightsEveryMs: () => inspectView.periodMs,
    onTested: (result) => void misreadImages.show(result).catch(show),
    onSamples: () => {},
  };
}

function textViews(): SubjectListener {
  const fail = (error: unknown): void => trainView.fail(error);
  const lookView = new TextLookView(engine, state, changeState, fail);
  const writeView = new WriteView(engine, state, changeState, fail);
  const samples = new SampleStrip();
  return {
    onNewRun: ({ step, isSameRun }) => {
      writeView.restart(textSource?.characters ?? new Set());
      lookView.restart(textSource?.hasChanged() !== true);
      samples.restartAt(step, isSameRun);
    },
    onWeights: () => lookView.refresh(),
    weightsEveryMs: () => lookView.periodMs,
    onTested: () => {},
    onSamples: (more) => samples.add(more),
  };
}

function textSourceView(): TextSource {
  return new TextSource({
    onOwnText: (text, name) => void trainView.useText(text, name),
    onBundledText: () => void trainView.useBundledText(),
    onError: (message) => showError(message),
  });
}

/** Shows the parts of one subject, and marks it in the navigation. */
function showSubject(shown: Subject): void {
  for (const part of document.querySelectorAll<HTMLElement>('[data-subject]'))
    part.hidden = part.dataset.subject?.split(' ').includes(shown) !== true;
  document.body.classList.add('ready');
  element(`to-${shown}`, HTMLAnchorElement).setAttribute('aria-current', 'page');
}

/** Pointing at an equation, its lines or its pictures highlights all of them. */
function highlightEquationsOnHover(): void {
  const highlightTarget = ({ target }: Event): void => highlight(equationsOf(closest(target)));
  document.addEventListener('pointerover', highlightTarget);
  document.addEventListener('focusin', highlightTarget);
}

const closest = (target: EventTarget | null): Element | null =>
  target instanceof Element ? target.closest(`[${EQUATION}]`) : null;

const equationsOf = (node: Element | null): string[] => node?.getAttribute(EQUATION)?.split(' ') ?? [];

function highlight(equations: readonly string[]): void {
  for (const node of document.querySelectorAll(`[${EQUATION}]`)) {
    const isHighlighted = equationsOf(node).some((equation) => equations.includes(equation));
    node.classList.toggle('highlighted', isHighlighted);
  }
}
