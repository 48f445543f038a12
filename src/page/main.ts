/** The page: creates the worker with the engine and the three views, and keeps the settings in the page's address. */
import '@fontsource-variable/inter/index.css';
import { wrap } from 'comlink';
import 'katex/dist/katex.min.css';
import 'virtual:equation-styles.css';
import { CheckView } from './check-view.js';
import { element, messageOf } from './dom.js';
import type { Engine } from './engine.js';
import { highlightEquationsOnHover } from './highlight.js';
import { InspectView } from './inspect-view.js';
import { MisreadImages } from './misread-images.js';
import { showError } from './error-box.js';
import type { Settings, View } from './settings.js';
import { fromQuery, settingsOf, toQuery } from './settings.js';
import './style/index.css';
import { TrainView } from './train-view.js';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
worker.addEventListener('error', ({ message }) => {
  showError(`The engine stopped: ${message || 'its script could not be loaded'}.`, {
    label: 'Reload the page',
    run: () => location.reload(),
  });
});
const engine = wrap<Engine>(worker);

let state: Settings & View = fromQuery(location.search);
let addressTimer: ReturnType<typeof setTimeout> | undefined;

/** Waits 200 ms, since browsers limit how often a page may change its address. */
function changeState(change: Partial<Settings & View>): void {
  state = { ...state, ...change };
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, '', `${location.pathname}${toQuery(state)}`), 200);
}

const show = (error: unknown): void => showError(messageOf(error));

const inspectView = new InspectView(
  engine,
  state,
  ({ image, row, lstm }) => changeState({ image, row, lstm }),
  (error) => trainView.fail(error),
);
const misreadImages = new MisreadImages(engine, (image) => {
  inspectView.choose(image);
  element('look', HTMLElement).scrollIntoView({ block: 'start' });
});
new CheckView(engine, state.mistake, (mistake) => changeState({ mistake }), show);
const trainView: TrainView = new TrainView(engine, settingsOf(state), {
  onSettings: changeState,
  onNewRun: () => misreadImages.clear(),
  onWeights: () => inspectView.refresh(),
  weightsEveryMs: () => inspectView.periodMs,
  onTested: (result) => void misreadImages.show(result).catch(show),
});

highlightEquationsOnHover();
void trainView.loadData();
