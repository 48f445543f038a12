/** The editor: CodeMirror, with the site's colours. Pages without an exercise do not load this file. */
import { indentLess, indentMore, isolateHistory } from '@codemirror/commands';
import { javascript } from '@codemirror/lang-javascript';
import { bracketMatching, indentOnInput } from '@codemirror/language';
import { EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import type { DecorationSet } from '@codemirror/view';
import { Decoration, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { minimalSetup } from 'codemirror';
import { look } from './editor-look.js';
import type { Language } from './progress.js';

export interface Editor {
  /** Replaces the text. The reader can undo it. */
  replaceText(text: string): void;
  /** Shows another text, without the history of the one before. */
  open(text: string, language: Language): void;
  /** Highlights a line, counted from 1, until the text changes. */
  markLine(line: number | undefined): void;
  destroy(): void;
}

interface EditorOptions {
  readonly text: string;
  readonly language: Language;
  /** For screen readers. */
  readonly label: string;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
}

export function createEditor(parent: HTMLElement, { text, language, label, onChange, onRun }: EditorOptions): Editor {
  const keys = Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => (onRun(), true) }, ...INDENT_KEYS]));
  const changes = EditorView.updateListener.of(({ docChanged, state }) => {
    if (docChanged) onChange(state.doc.toString());
  });
  const stateOf = (doc: string, dialect: Language): EditorState =>
    EditorState.create({
      doc,
      extensions: [
        keys,
        minimalSetup,
        lineNumbers(),
        highlightActiveLine(),
        bracketMatching(),
        indentOnInput(),
        markedLine,
        changes,
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        javascript({ typescript: dialect === 'typescript' }),
        look,
      ],
    });
  const view = new EditorView({ parent, state: stateOf(text, language) });
  return {
    replaceText: (insert) => {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert },
        annotations: isolateHistory.of('full'), // one undo brings the text back
      });
      view.focus(); // so that the keys of undo work
    },
    open: (doc, dialect) => view.setState(stateOf(doc, dialect)),
    markLine: (line) => view.dispatch({ effects: mark.of(line) }),
    destroy: () => view.destroy(),
  };
}

/** After Escape, CodeMirror leaves the Tab key to the browser: the focus moves out of the editor. */
const INDENT_KEYS = [
  { key: 'Tab', run: indentMore },
  { key: 'Shift-Tab', run: indentLess },
];

const mark = StateEffect.define<number | undefined>();

const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(before, { effects, docChanged, newDoc }) {
    const effect = effects.find((one) => one.is(mark));
    if (!effect) return docChanged ? Decoration.none : before;
    const line = effect.value;
    if (line === undefined || line < 1 || line > newDoc.lines) return Decoration.none;
    return Decoration.set(Decoration.line({ class: 'error-line' }).range(newDoc.line(line).from));
  },
  provide: (field) => EditorView.decorations.from(field),
});
