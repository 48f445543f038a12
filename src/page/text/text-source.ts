/** The text that the network reads: the bundled one, or one that the visitor pastes, chooses or drops on the page. */
import { button, element } from '../dom.js';
import type { TextFacts } from './own-text.js';
import { TEXT_LIMITS } from './own-text.js';

interface SourceListener {
  readonly onOwnText: (text: string, name: string) => void;
  readonly onBundledText: () => void;
  readonly onError: (message: string) => void;
}

const BUNDLED = 'Moby-Dick';
/** A code point has up to four bytes. */
const MOST_BYTES = 4 * TEXT_LIMITS.most;

export class TextSource {
  private readonly box = element('paste-box', HTMLElement);
  private readonly area = element('own-text', HTMLTextAreaElement);

  constructor(private readonly listener: SourceListener) {
    button('paste').addEventListener('click', () => this.setOpen(this.box.hidden === true));
    button('use-text').addEventListener('click', () => {
      this.setOpen(false);
      listener.onOwnText(this.area.value, 'your text');
    });
    button('bundled').addEventListener('click', () => listener.onBundledText());
    const input = element('text-file', HTMLInputElement);
    button('choose-text').addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = ''; // so that the same file can be chosen again
      if (file) void this.read(file);
    });
    const section = element('text-source', HTMLElement);
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      section.classList.add('dropping');
    });
    document.addEventListener('dragleave', () => section.classList.remove('dropping'));
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      section.classList.remove('dropping');
      const file = event.dataTransfer?.files[0];
      const text = event.dataTransfer?.getData('text/plain');
      if (file) void this.read(file);
      else if (text) listener.onOwnText(text, 'the dropped text');
    });
  }

  /** `name`: null for the bundled text. */
  show({ length, classes }: TextFacts, name: string | null): void {
    element('text-name', HTMLElement).textContent = name ?? BUNDLED;
    element('text-facts', HTMLElement).textContent =
      `${length.toLocaleString('en')} characters, ${classes.toLocaleString('en')} different`;
    button('bundled').hidden = name === null;
  }

  private setOpen(isOpen: boolean): void {
    this.box.hidden = !isOpen;
    button('paste').setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.area.focus();
    else if (document.activeElement === document.body) button('paste').focus(); // the closed box had the focus
  }

  private async read(file: File): Promise<void> {
    if (file.size > MOST_BYTES) {
      this.listener.onError(`${file.name}: has ${file.size} bytes, but the page accepts at most ${MOST_BYTES}`);
      return;
    }
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer());
      this.listener.onOwnText(text, file.name);
    } catch (error) {
      const reason = error instanceof TypeError ? 'is not a text in UTF-8' : 'cannot be read';
      this.listener.onError(`${file.name}: ${reason}`);
    }
  }
}
