/** The element with this id. Throws an Error if index.html has none of that kind. */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}

export const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement);
export const canvas = (id: string): HTMLCanvasElement => element(id, HTMLCanvasElement);

/** Sets the text of the element with this id. */
export function setText(id: string, text: string): void {
  element(id, HTMLElement).textContent = text;
}

/** A new element with a class and a text. */
export function made<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  text = '',
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

/** A line of a table: its first cell is the header of the line. `of` 'column': all cells are headers of columns. */
export function tableLine(
  [name, ...cells]: readonly (string | Node)[],
  of: 'row' | 'column' = 'row',
): HTMLTableRowElement {
  const line = made('tr');
  const header = made('th');
  header.scope = of === 'column' ? 'col' : 'row';
  header.append(name);
  const others = cells.map((content) => {
    const cell = made(of === 'column' ? 'th' : 'td');
    cell.append(content);
    return cell;
  });
  line.append(header, ...others);
  return line;
}

/** The options of a select: the label of each value. */
export const optionsOf = (labels: Readonly<Record<string, string>>): HTMLOptionElement[] =>
  Object.entries(labels).map(([value, label]) => {
    const option = made('option', '', label);
    option.value = value;
    return option;
  });

export function madeButton(className: string, text: string, onClick: () => void): HTMLButtonElement {
  const node = made('button', className, text);
  node.type = 'button';
  node.addEventListener('click', onClick);
  return node;
}

/** Lets the visitor choose a file: a click on the button opens the input. */
export function chooseFile(buttonId: string, inputId: string, onFile: (file: File) => void): void {
  const input = element(inputId, HTMLInputElement);
  button(buttonId).addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = ''; // so that the same file can be chosen again
    if (file) onFile(file);
  });
}

/**
 * Lets the visitor drop something on the page, and marks the frame meanwhile. `accepts`: whether a drag is for the page; then
 * the browser itself does nothing with it.
 */
export function acceptDrops(
  frame: HTMLElement,
  accepts: (event: DragEvent) => boolean,
  onDrop: (dropped: DataTransfer | null) => void,
): void {
  document.addEventListener('dragover', (event) => {
    if (!accepts(event)) return;
    event.preventDefault();
    frame.classList.add('dropping');
  });
  document.addEventListener('dragleave', () => frame.classList.remove('dropping'));
  document.addEventListener('drop', (event) => {
    frame.classList.remove('dropping');
    if (!accepts(event)) return;
    event.preventDefault();
    onDrop(event.dataTransfer);
  });
}

export const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') === true;

/** Buttons that are enabled together. One that loses the keyboard's focus because it is disabled gets the focus back. */
export class ButtonGroup {
  private lostFocus: HTMLButtonElement | undefined;

  constructor(private readonly ids: readonly string[]) {}

  setEnabled(isEnabled: boolean): void {
    const focused = document.activeElement;
    for (const id of this.ids) button(id).disabled = !isEnabled;
    if (!isEnabled) {
      if (focused instanceof HTMLButtonElement && focused.disabled) this.lostFocus = focused;
      return;
    }
    if (document.activeElement === document.body) this.lostFocus?.focus({ preventScroll: true });
    this.lostFocus = undefined;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

/** Gives the visitor a file. */
export function download(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const link = made('a');
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Adds a line to what was not understood of the page's address. */
export function showLinkFault(fault: string): void {
  element('link-fault-list', HTMLUListElement).append(made('li', '', fault));
  const box = element('link-faults', HTMLElement);
  box.hidden = false;
  button('close-link-faults').onclick = () => void (box.hidden = true);
}

/** While `isUnsaved` says so, the browser asks before the page is left: by a link, with Back or Forward, by closing it. */
export function askBeforeLeaving(isUnsaved: () => boolean): void {
  addEventListener('beforeunload', (event) => {
    if (isUnsaved()) event.preventDefault();
  });
}

/** What the error box offers. */
export interface Action {
  readonly label: string;
  readonly run: () => void;
}

/** An error after which the page can still be used: the box has a Close button, too. */
export function showError(text: string, ...actions: readonly Action[]): void {
  showBlockingError(text, ...actions, { label: 'Close', run: () => {} });
}

/** An error after which only these actions help. */
export function showBlockingError(text: string, ...actions: readonly Action[]): void {
  setText('error-text', text);
  const buttons = actions.map(({ label, run }) =>
    madeButton('', label, () => {
      hideError();
      run();
    }),
  );
  element('error-actions', HTMLElement).replaceChildren(...buttons);
  element('error', HTMLElement).hidden = false;
}

/** The box that explains an error and offers what to do about it. */
export function hideError(): void {
  element('error', HTMLElement).hidden = true;
}
