/** The colours of code are variables of the style sheet, so they follow the site's light and dark. */
import { javascriptLanguage, typescriptLanguage } from '@codemirror/lang-javascript';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorView } from '@codemirror/view';
import { highlightCode, tags } from '@lezer/highlight';
import type { Language } from './progress.js';

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

export const look = [shape, syntaxHighlighting(colours)];

/** Text with the editor's colours, as pieces with their classes. The editor adds the rules of these classes to the page. */
export function colouredPieces(text: string, language: Language): { text: string; classes: string }[] {
  const { parser } = language === 'typescript' ? typescriptLanguage : javascriptLanguage;
  const pieces: { text: string; classes: string }[] = [];
  const add = (piece: string, classes = ''): void => void pieces.push({ text: piece, classes });
  highlightCode(text, parser.parse(text), colours, add, () => add('\n'));
  return pieces;
}
