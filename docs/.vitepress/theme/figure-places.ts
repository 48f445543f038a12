/** The figures with controls, and how to find their places: in the document, and in the HTML that the site's build writes. */

interface Where {
  readonly selector: string;
  readonly html: RegExp;
}

/** A figure stands after this picture of docs/learn/pictures. */
const picture = (name: string): Where => ({
  selector: `img[src*="/${name}."]`,
  html: new RegExp(`<img [^>]*src="[^"]*/${name}\\.`),
});
/** It stands after the empty element with this id. */
const element = (id: string): Where => ({ selector: `#${id}`, html: new RegExp(` id="${id}"`) });

/** By the figure's file in this folder. */
export const PLACES = {
  'motion-button': picture('reach'),
  'norms-slider': picture('gradient-norms'),
  'unrolled-graph': picture('unrolled'),
  'cell-run': element('cell-run'),
  'gap-run': element('gap'),
  'by-hand/number-fields': element('by-hand-numbers'),
  'first-text': element('first-text'),
  'softmax-live': element('softmax-live'),
  'spike-live': element('spike-live'),
} as const;

export type FigureName = keyof typeof PLACES;
