/** Writes Markdown tables, and finds the hand-written part of a document. */

export function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const isNumeric = (column: number): boolean => lines.every((cells) => /^(×?[\d.]+.*)?$/.test(cells[column]));
  const rows = [head, head.map((_, n) => (n > 0 && isNumeric(n) ? '--:' : '---')), ...lines];
  return rows.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n');
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

const OPEN = '<!-- written by hand, kept by the command -->';
const CLOSE = '<!-- end of what is written by hand -->';
const EMPTY = 'Write here what the numbers do not explain: why Longhand is ahead or behind.';

/** The hand-written part of a document, with its markers. */
export function keptPart(document: string): string {
  const from = document.indexOf(OPEN);
  const to = document.indexOf(CLOSE);
  const text = from >= 0 && to > from ? document.slice(from + OPEN.length, to).trim() : EMPTY;
  return [OPEN, text, CLOSE].join('\n\n');
}

/** In prettier's format, which `npm run check` demands. */
export async function formatted(document: string, file: string): Promise<string> {
  const { format, resolveConfig } = await import('prettier');
  return format(document, { ...(await resolveConfig(file, { editorconfig: true })), parser: 'markdown' });
}
