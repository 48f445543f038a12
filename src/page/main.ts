/** The page: its parts, the engine in its worker, and the address that says how they stand. */
import '@fontsource-variable/inter/index.css';
import { wrap } from 'comlink';
import 'katex/dist/katex.min.css';
import 'virtual:equation-styles.css';
import { CheckView } from './check-view.js';
import { messageOf } from './dom.js';
import type { Engine } from './engine.js';
import { lightEquations } from './lighting.js';
import { LookView } from './look-view.js';
import { showProblem } from './problem.js';
import type { Settings, View } from './settings.js';
import { fromQuery, settingsOf, toQuery } from './settings.js';
import './style.css';
import { TrainView } from './train-view.js';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const startAgain = { words: 'Load the page again', go: () => location.reload() };
worker.addEventListener('error', ({ message }) => {
  showProblem(`The engine has stopped: ${message || 'its script could not be loaded'}.`, startAgain);
});
const engine = wrap<Engine>(worker);

let state: Settings & View = fromQuery(location.search);
let addressTimer: ReturnType<typeof setTimeout> | undefined;

/** Browsers allow an address to change only so often. */
function changeState(change: Partial<Settings & View>): void {
  state = { ...state, ...change };
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, '', `${location.pathname}${toQuery(state)}`), 200);
}

const failed = (error: unknown): void => showProblem(messageOf(error));

const look = new LookView(
  engine,
  state,
  ({ image, row }) => changeState({ image, row }),
  (error) => train.fail(error),
);
new CheckView(engine, state.mistake, (mistake) => changeState({ mistake }), failed);
const train: TrainView = new TrainView(engine, settingsOf(state), {
  settingsChanged: (changed) => changeState(changed),
  networkChanged: () => look.refresh(),
  runChanged: () => look.forgetWrong(),
  tested: (result) => void look.showWrong(result).catch(failed),
});

lightEquations();
void train.loadData();
