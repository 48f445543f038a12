/** The mistakes that the page can plant into src/lstm.ts. */
import { PLANTED_MISTAKES as all } from '../planted-mistakes.mjs';

export const PLANTED_MISTAKES = all.filter(({ onPage }) => onPage);
