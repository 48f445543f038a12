/** The mistakes that the page can plant into src/equations/lstm.ts. */
import { PLANTED_MISTAKES as all } from '../exercises/planted-mistakes.mjs';

export const PLANTED_MISTAKES = all.filter(({ onPage }) => onPage);
