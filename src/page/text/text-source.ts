/** The text that the network reads: the bundled one, or one that the visitor pastes, chooses or drops on the page. */
import { counted } from '../../core/arguments.js';
import { type TextFacts, TEXT_LIMITS } from '../common.js';
import { acceptDrops, button, ButtonGroup, chooseFile, element, hasFiles, setText } from '../dom.js';

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
  /** The different characters of the text. */
  characters: ReadonlySet<string> = new Set();
  private isEnabled = false;
  private readonly buttons = new ButtonGroup(['paste', 'use-text', 'choose-text', 'bundled']);
  private texts = 0;
  private textsSeen = 1; // the first text is that of the address
  private readonly area = element('own-text', HTMLTextAreaElement);

  constructor(private readonly listener: SourceListener) {
    button('paste').addEventListener('click', () => this.setOpen(this.box.hidden === true));
    button('use-text').addEventListener('click', () => {
      this.setOpen(false);
      listener.onOwnText(this.area.value, 'your text');
    });
    button('bundled').addEventListener('click', () => listener.onBundledText());
    chooseFile('choose-text', 'text-file', (file) => void this.read(file));
    this.acceptDrops();
  }

  /** Whether there is another text than at the last call. */
  hasChanged(): boolean {
    const hasChanged = this.texts > this.textsSeen;
    this.textsSeen = this.texts;
    return hasChanged;
  }

  /** While a run is created, the text cannot be changed. */
  setEnabled(isEnabled: boolean): void {
    this.isEnabled = isEnabled;
    this.buttons.setEnabled(isEnabled);
  }

  /** A file anywhere on the page, or a text on the frame of the text's source, except its area, which takes a text itself. */
  private acceptDrops(): void {
    const frame = element('text-source', HTMLElement);
    const isForText = ({ target }: DragEvent): boolean => target instanceof Node && frame.contains(target);
    const isForArea = ({ type, target }: DragEvent): boolean => type === 'drop' && target === this.area;
    acceptDrops(
      frame,
      (event) => this.isEnabled && (hasFiles(event) || isForText(event)) && !isForArea(event),
      (dropped) => {
        const [file, text] = [dropped?.files[0], dropped?.getData('text/plain')];
        if (file) void this.read(file);
        else if (text) this.listener.onOwnText(text, 'the dropped text');
      },
    );
  }

  /** `name`: null for the bundled text. */
  show({ length, characters }: TextFacts, name: string | null): void {
    setText('text-name', name ?? BUNDLED);
    setText(
      'text-facts',
      `${length.toLocaleString('en')} characters, ${characters.length.toLocaleString('en')} different`,
    );
    button('bundled').hidden = name === null;
    this.characters = new Set(characters);
    this.texts++;
  }

  private setOpen(isOpen: boolean): void {
    const hadFocus = this.box.contains(document.activeElement);
    this.box.hidden = !isOpen;
    button('paste').setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.area.focus();
    else if (hadFocus) button('paste').focus();
  }

  private async read(file: File): Promise<void> {
    if (file.size > MOST_BYTES) {
      this.listener.onError(
        `${file.name}: has ${counted(file.size, 'byte')}, but the page accepts at most ${MOST_BYTES}`,
      );
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
