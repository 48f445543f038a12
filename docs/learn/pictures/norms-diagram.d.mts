export interface Curve {
  readonly norms: readonly number[];
  /** The class of its colour. */
  readonly of: string;
  readonly dash?: string;
}

/** SVG: texts in nested lists. */
export function diagram(
  place: { readonly x: number; readonly y?: number; readonly width?: number; readonly height?: number },
  T: number,
  scale: { readonly low: number; readonly high: number; readonly every: number },
  curves: readonly Curve[],
): unknown[];
