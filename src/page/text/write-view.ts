/** The views of what the network writes: on request, and during training. */
import { type Remote, proxy } from 'comlink';
import { counted } from '../../core/arguments.js';
import { button, element, made, messageOf, nameOf, setText } from '../dom.js';
import type { Engine } from '../engine.js';
import type { Sample } from '../live-run.js';
import { showChoices, CharacterText, nameOfCharacter } from '../probability-bars.js';
import type { View } from '../settings.js';
import type { WrittenChoice } from './text-writer.js';

const LENGTH = 400;
const TOP = 40;

/** “Write”: the network continues a prompt. A click on a character shows what else it might have been. */
export class WriteView {
  /** What has been written after the prompt. */
  private written: WrittenChoice[] = [];
  /** The prompt of what has been written. */
  private promptRead = '';
  private isWriting = false;
  private readonly text = new CharacterText(element('written', HTMLElement), (n) => {
    this.showChoicesOf(n);
    return element('written-about', HTMLElement).textContent;
  });
  private readonly prompt = element('prompt', HTMLInputElement);
  private readonly temperature = element('temperature', HTMLInputElement);

  constructor(
    private readonly engine: Remote<Engine>,
    { prompt, temperature }: View,
    private readonly onChange: (change: Partial<View>) => void,
    private readonly onError: (error: unknown) => void,
  ) {
    this.prompt.value = prompt;
    this.temperature.value = String(temperature);
    this.showTemperature();
    if (this.temperature.value !== String(temperature)) onChange({ temperature: Number(this.temperature.value) });
    this.prompt.addEventListener('input', () => onChange({ prompt: this.prompt.value }));
    this.temperature.addEventListener('input', () => {
      this.showTemperature();
      onChange({ temperature: Number(this.temperature.value) });
    });
    button('write-text').addEventListener('click', () => {
      if (this.isWriting) void this.engine.text.stopWriting();
      else void this.begin(LENGTH);
    });
    button('write-one').addEventListener('click', () => void this.continueBy(1));
    this.clear();
  }

  /** For another run, which knows these characters. A prompt with others is dropped. */
  restart(known: ReadonlySet<string>): void {
    if (!Array.from(this.prompt.value).every((character) => known.has(character))) {
      this.prompt.value = '';
      this.onChange({ prompt: '' });
    }
    for (const id of ['write-text', 'write-one']) button(id).disabled = false;
    this.clear();
  }

  /** Forgets what has been written: another network, or another prompt. */
  clear(): void {
    void this.engine.text.stopWriting();
    this.written = [];
    this.promptRead = this.prompt.value;
    setText('prompt-read', this.promptRead);
    this.text.show([]);
    this.showChoicesOf(-1);
  }

  private begin(length: number): Promise<void> {
    this.clear();
    return this.continueBy(length);
  }

  /** Writes more characters after those that are there. */
  private async continueBy(length: number): Promise<void> {
    if (this.isWriting) return;
    if (this.prompt.value !== this.promptRead) this.clear();
    const prefix = this.promptRead + this.written.map(({ character }) => character).join('');
    this.setWriting(true);
    const { written } = this;
    try {
      const request = {
        prefix,
        length,
        temperature: Number(this.temperature.value),
        top: TOP,
        seed: this.written.length + 1, // another one for each place, so that single characters are drawn anew
      };
      await this.engine.text.write(
        request,
        proxy((more: WrittenChoice[]) => {
          if (this.written === written) this.add(more); // otherwise the page has another text by now
        }),
      );
      this.showNote('');
    } catch (error) {
      if (nameOf(error) === 'DataError') this.showNote(messageOf(error).replace(/^prime: /, 'The prompt: '));
      else this.onError(error);
    }
    this.setWriting(false);
  }

  private add(more: readonly WrittenChoice[]): void {
    this.written.push(...more);
    this.text.append(more.map(({ character }) => character));
    this.showChoicesOf(this.written.length - 1);
  }

  /** The characters that might have come at this place. */
  private showChoicesOf(n: number): void {
    this.text.choose(n);
    const chosen = n < 0 ? undefined : this.written.at(n);
    setText(
      'written-about',
      chosen ? `character ${n + 1}: ${nameOfCharacter(chosen.character)}` : 'write something first',
    );
    showChoices(element('written-choices', HTMLElement), chosen?.choices ?? [], chosen?.character ?? '', (character) =>
      this.replace(n, character),
    );
  }

  /** Takes another character at this place, and writes a new text after it. */
  private replace(n: number, character: string): void {
    if (this.isWriting) return;
    const { choices } = this.written[n];
    const rest = this.written.length - n - 1;
    this.written = [...this.written.slice(0, n), { character, choices }];
    this.text.show(this.written.map((one) => one.character));
    this.showChoicesOf(n);
    if (rest > 0) void this.continueBy(rest);
    element('written', HTMLElement).focus(); // the button is gone
  }

  private showNote(text: string): void {
    setText('write-note', text);
  }

  private setWriting(isWriting: boolean): void {
    this.isWriting = isWriting;
    button('write-text').textContent = isWriting ? 'Stop' : 'Write';
    button('write-one').disabled = isWriting;
  }

  private showTemperature(): void {
    setText('temperature-text', Number(this.temperature.value).toFixed(2));
  }
}

/** What the network wrote during training: a sample every 100 steps, from noise to words. */
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
  item.append(
    made('small', '', step === 0 ? 'before training' : `after ${counted(step, 'step')}`),
    made('p', '', text),
  );
  return item;
}
