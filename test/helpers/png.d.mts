/** The types of png.mjs. */
export interface Form {
  readonly width: number;
  readonly height: number;
  readonly colourType: 0 | 2 | 3 | 4 | 6;
  readonly depth: number;
  readonly interlaced?: boolean;
}

export interface Image extends Form {
  readonly samples: ArrayLike<number>;
  readonly palette?: readonly (readonly number[])[] | undefined;
  readonly transparency?: readonly number[] | undefined;
}

export const SIGNATURE: Buffer;
export const FORMS: readonly (readonly [Form['colourType'], number])[];
export function chunk(type: string, data?: Uint8Array): Buffer;
export function header(form: Form): Buffer;
export function pngOf(...chunks: readonly Uint8Array[]): Buffer;
export function encodePng(image: Image, options?: { level?: number; parts?: number }): Buffer;
export function rowsOf(image: Image): Buffer;
export function rgbaOf(image: Image): Uint8Array;
export function randomImage(below: (limit: number) => number, form: Form): Image;
