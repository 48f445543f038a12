/** The form of a run's settings. */
import { element } from './dom.js';
import type { Settings } from './settings.js';
import { LIMITS, MACHINES, numberFrom } from './settings.js';

const NUMBERS = ['hidden', 'batchSize', 'learningRate', 'seed', 'steps', 'threads'] as const;

/** Of these a run that is under way takes on new values. */
const AT_ONCE = ['learningRate', 'steps'] as const;

export class Controls {
  private readonly form = element('settings', HTMLFormElement);
  /** The field in use has been changed, and not been read yet. */
  private isTyped = false;

  /** `changed` gets the new settings, and whether they need a new run. */
  constructor(
    private settings: Settings,
    private readonly changed: (settings: Settings, needsNewRun: boolean) => void,
  ) {
    this.show(settings);
    this.form.addEventListener('input', () => (this.isTyped = true));
    this.form.addEventListener('change', (event) => {
      this.isTyped = false;
      this.read((event.target as HTMLInputElement).name);
    });
    this.form.addEventListener('submit', (event) => event.preventDefault());
  }

  show(settings: Settings): void {
    this.settings = settings;
    for (const name of NUMBERS) {
      const field = this.field(name);
      if (field === document.activeElement && this.isTyped) continue; // the visitor is at it
      field.value = settings[name] === null ? '' : String(settings[name]);
      field.setAttribute('aria-invalid', 'false');
    }
    this.field('shuffle').value = settings.shuffle;
    this.field('machine').value = settings.machine;
    this.field('threads').disabled = settings.machine !== 'wasm';
  }

  private read(name: string): void {
    const number = (field: (typeof NUMBERS)[number]) => numberFrom(field, this.field(field).value);
    const isThreads = name === 'threads';
    const isNumber = NUMBERS.some((one) => one === name);
    const value = isNumber ? number(name as (typeof NUMBERS)[number]) : null;
    const isWrong = isNumber && value === null && !(isThreads && this.field('threads').value.trim() === '');
    this.complain(name, isWrong);
    if (isWrong) return;
    const { settings } = this;
    this.settings = {
      machine: MACHINES.find((machine) => machine === this.field('machine').value) ?? settings.machine,
      shuffle: this.field('shuffle').value === 'legacy' ? 'legacy' : 'tf1',
      threads: number('threads'),
      hidden: number('hidden') ?? settings.hidden,
      batchSize: number('batchSize') ?? settings.batchSize,
      learningRate: number('learningRate') ?? settings.learningRate,
      seed: number('seed') ?? settings.seed,
      steps: number('steps') ?? settings.steps,
      rateChanges: settings.rateChanges,
    };
    this.field('threads').disabled = this.settings.machine !== 'wasm';
    this.changed(this.settings, !AT_ONCE.some((one) => one === name));
  }

  private complain(name: string, isWrong: boolean): void {
    const field = this.field(name);
    field.setAttribute('aria-invalid', String(isWrong));
    const limits = name in LIMITS ? LIMITS[name as keyof typeof LIMITS] : null;
    const { least, most, whole } = limits ?? { least: 0, most: 0, whole: false };
    element('settings-note', HTMLElement).textContent = isWrong
      ? `${field.value || 'nothing'}: must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`
      : '';
  }

  private field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }
}
