/** What the network wrote during training: a sample every 100 steps, from noise to words. */
import { element, made } from '../dom.js';
import type { Sample } from '../live-run.js';

export class SampleStrip {
  private readonly place = element('samples', HTMLElement);
  private samples: Sample[] = [];

  add(samples: readonly Sample[]): void {
    const { place } = this;
    const wasAtEnd = place.scrollTop + place.clientHeight >= place.scrollHeight - 8;
    const isFirst = this.samples.length === 0;
    this.samples.push(...samples);
    if (isFirst) place.replaceChildren(); // the note
    place.append(...samples.map(itemOf));
    if (wasAtEnd) place.scrollTop = place.scrollHeight; // otherwise the visitor reads an earlier one
  }

  /** For another run, or with `isSameRun` for an earlier step of this one: keeps the samples up to `step`. */
  restartAt(step: number, isSameRun: boolean): void {
    this.samples = isSameRun ? this.samples.filter((sample) => sample.step <= step) : [];
    const note = made('li', 'quiet', 'Press Play: the network writes here every 100 steps.');
    this.place.replaceChildren(...(this.samples.length === 0 ? [note] : this.samples.map(itemOf)));
  }
}

function itemOf({ step, text }: Sample): HTMLLIElement {
  const item = made('li');
  item.append(made('small', '', step === 0 ? 'before training' : `after ${step} steps`), made('p', '', text));
  return item;
}
