/** SVG, as nested lists of texts. */
export type Parts = readonly (string | Parts)[];

export interface Curve {
  readonly norms: readonly number[];
  /** The class of its colour. */
  readonly of: string;
  readonly dash?: string;
}

export function diagram(
  place: { readonly x: number; readonly y?: number; readonly width?: number; readonly height?: number },
  T: number,
  scale: { readonly low: number; readonly high: number; readonly every: number },
  curves: readonly Curve[],
): Parts;
