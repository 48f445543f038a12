/** The stylesheet's colours, for canvases. */
export type Rgb = readonly [number, number, number];

interface Palette {
  readonly zero: Rgb;
  readonly below: Rgb;
  readonly above: Rgb;
  readonly ink: Rgb;
}

let palette: Palette | undefined;
const listeners: (() => void)[] = [];

// theme/theme.js sets the class
new MutationObserver(() => {
  palette = undefined;
  listeners.forEach((repaint) => repaint());
}).observe(document.documentElement, { attributeFilter: ['class'] });

/** Calls `repaint` when the page changes between light and dark. */
export function onColourChange(repaint: () => void): void {
  listeners.push(repaint);
}

/** A colour as the stylesheet has it: `cssColour('--ink')`. */
export const cssColour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The current colours of the heat maps. */
export function colours(): Palette {
  palette ??= { zero: rgb('--zero'), below: rgb('--below'), above: rgb('--above'), ink: rgb('--ink') };
  return palette;
}

function rgb(name: string): Rgb {
  const value = parseInt(cssColour(name).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Interpolates: `from` at share 0, `to` at share 1. */
export const mix = (from: Rgb, to: Rgb, share: number): Rgb => [
  from[0] + (to[0] - from[0]) * share,
  from[1] + (to[1] - from[1]) * share,
  from[2] + (to[2] - from[2]) * share,
];
