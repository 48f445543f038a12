/** The editor: CodeMirror, with the site's colours. Pages without an exercise do not load this file. */
import { indentLess, indentMore, isolateHistory } from '@codemirror/commands';
import { javascript, javascriptLanguage, typescriptLanguage } from '@codemirror/lang-javascript';
import {
  bracketMatching,
  codeFolding,
  foldedRanges,
  foldEffect,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
  unfoldEffect,
} from '@codemirror/language';
import { type Extension, EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import { type DecorationSet, Decoration, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { highlightCode, tags } from '@lezer/highlight';
import { minimalSetup } from 'codemirror';
import type { Files } from '../../../../src/exercises/exercise.js';
import type { Language } from './progress.js';

export interface Editor {
  /** Replaces the text. The reader can undo it. */
  replaceText(text: string): void;
  /** Shows another text, without the history of the one before. */
  open(text: string, language: Language | Extension): void;
  /** Folds all lines but those around the gap of these files, and shows the gap's first line. */
  showGap(files: Files): void;
  /** Highlights a line, counted from 1, until the text changes. */
  markLine(line: number | undefined): void;
  destroy(): void;
}

interface EditorOptions {
  readonly text: string;
  /** An extension: a language that exercises do not have. */
  readonly language: Language | Extension;
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
  const stateOf = (doc: string, dialect: Language | Extension): EditorState =>
    EditorState.create({
      doc,
      extensions: [
        keys,
        minimalSetup,
        lineNumbers(),
        highlightActiveLine(),
        bracketMatching(),
        indentOnInput(),
        codeFolding({ preparePlaceholder: linesIn, placeholderDOM: placeholder }),
        foldGutter(),
        keymap.of(foldKeymap),
        markedLine,
        changes,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
        typeof dialect === 'string' ? javascript({ typescript: dialect === 'typescript' }) : dialect,
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
    showGap: (files) => {
      const { doc } = view.state;
      const gap = gapIn(doc.toString(), files);
      const { from, to } = aroundGap(doc.toString(), gap);
      const range = (first: number, last: number) =>
        foldEffect.of({ from: doc.line(first).from, to: doc.line(last).to });
      const effects = [
        ...(from > 1 ? [range(1, from)] : []),
        ...(to < doc.lines - 1 ? [range(to + 1, doc.lines)] : []),
      ];
      const place = doc.line(gap.from + 1).from;
      view.dispatch({ selection: { anchor: place }, effects });
      // scrollIntoView would scroll the page too
      view.requestMeasure({
        read: () => view.lineBlockAt(place).top,
        write: (top) => (view.scrollDOM.scrollTop = top - 4 * view.defaultLineHeight),
      });
    },
    markLine: (line) => {
      const effects: StateEffect<unknown>[] = [mark.of(line)];
      if (line !== undefined && line >= 1 && line <= view.state.doc.lines) {
        const { from, to } = view.state.doc.line(line);
        foldedRanges(view.state).between(
          from,
          to,
          (first, last) => void effects.push(unfoldEffect.of({ from: first, to: last })),
        );
        effects.push(EditorView.scrollIntoView(from, { y: 'nearest' }));
      }
      view.dispatch({ effects });
    },
    destroy: () => view.destroy(),
  };
}

/** Lines, counted from 0; `to` is excluded. */
export interface Lines {
  readonly from: number;
  readonly to: number;
}

/** The lines of `text` that differ from the solution or from the start text: what the reader writes, or has changed. */
export function gapIn(text: string, { start, solution }: Files): Lines {
  const lines = text.split('\n');
  const others = [start, solution].map((other) => other.split('\n'));
  const common = (reading: (all: readonly string[], n: number) => string | undefined): number => {
    const differs = (n: number): boolean => others.some((other) => reading(other, n) !== reading(lines, n));
    let n = 0;
    while (n < lines.length && !differs(n)) n++;
    return n;
  };
  const from = common((all, n) => all[n]);
  const to = lines.length - common((all, n) => all.at(-1 - n));
  return { from: Math.min(from, Math.max(0, lines.length - 1)), to: Math.max(to, from + 1) };
}

/** The whole functions that the gap lies in, with the comment above them: a line at the margin begins or ends them. */
export function aroundGap(text: string, { from, to }: Lines): Lines {
  const lines = text.split('\n');
  const isBlank = (n: number): boolean => lines[n].trim() === '';
  let [first, last] = [from, Math.min(to, lines.length - 1)];
  while (first > 0 && !(/^\S/.test(lines[first]) && isBlank(first - 1))) first--;
  while (last < lines.length - 1 && !isBlank(last + 1)) last++;
  while (last < lines.length - 1 && !/^\S/.test(lines[last])) last++;
  return { from: first, to: last + 1 };
}

/** How many lines a fold hides. */
const linesIn = ({ doc }: EditorState, { from, to }: { from: number; to: number }): number =>
  doc.lineAt(to).number - doc.lineAt(from).number + 1;

function placeholder(_: EditorView, onclick: (event: Event) => void, lines: number): HTMLElement {
  const button = document.createElement('button');
  Object.assign(button, { type: 'button', className: 'fold', tabIndex: -1, onclick, textContent: `… ${lines} lines` });
  button.setAttribute('aria-label', `… ${lines} lines are folded: show them`);
  return button;
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

/** The colours of code are variables of the style sheet, so they follow the site's light and dark. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: 'var(--code-keyword)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.string, tags.regexp], color: 'var(--code-string)' },
  { tag: tags.comment, color: 'var(--code-comment)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-function)' },
  { tag: [tags.typeName, tags.className], color: 'var(--code-type)' },
]);

const shape = EditorView.theme({
  '&': { color: 'var(--vp-c-text-1)', backgroundColor: 'var(--vp-code-block-bg)', fontSize: '0.875rem' },
  '&.cm-focused': { outline: '2px solid var(--vp-c-brand-1)' },
  '.cm-scroller': { fontFamily: 'var(--vp-font-family-mono)', lineHeight: '1.6', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--vp-c-text-1)' },
  '.cm-cursor, .cm-dropCursor': { borderLeftColor: 'var(--vp-c-text-1)' },
  '.cm-gutters': {
    color: 'var(--vp-c-text-3)',
    backgroundColor: 'var(--vp-code-block-bg)',
    borderRight: '1px solid var(--vp-c-divider)',
  },
  '.cm-activeLine': { backgroundColor: 'var(--code-active-line)' },
  '.cm-line.error-line': { backgroundColor: 'var(--code-error-line)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--code-selection) !important',
  },
  '&.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--code-selection)' },
});

const look = [shape, syntaxHighlighting(colours)];

/** Text with the editor's colours, as pieces with their classes. The editor adds the rules of these classes to the page. */
export function colouredPieces(text: string, language: Language): { text: string; classes: string }[] {
  const { parser } = language === 'typescript' ? typescriptLanguage : javascriptLanguage;
  const pieces: { text: string; classes: string }[] = [];
  const add = (piece: string, classes = ''): void => void pieces.push({ text: piece, classes });
  highlightCode(text, parser.parse(text), colours, add, () => add('\n'));
  return pieces;
}
