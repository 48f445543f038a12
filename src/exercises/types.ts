/** longhand.d.ts of a folder of exercises: what their files use of the library. */

/** test/slow/exercises/exercises.test.ts compares the types with the library's. */
export const TYPES = `// What the exercises use of longhand, so that an editor knows the types without an installation.
declare module 'longhand' {
  /** A view of numbers in an array. */
  export interface Tensor {
    /** The whole array, of which the tensor can be a part. */
    readonly data: Float32Array | Float64Array;
    /** Where data holds the first element. */
    readonly offset: number;
    readonly shape: number[];
    /** The number of elements. */
    readonly size: number;
    get(...index: number[]): number;
    set(...indexAndValue: number[]): number;
  }

  /** y \`[B,C]\`, which is only read. */
  export type LabelRows = Pick<Tensor, 'get'>;

  /** Operations write their first argument, \`out\`. */
  export interface Backend {
    /** out \`[M,N]\` = a \`[M,K]\` · b \`[K,N]\`, or out += with accumulate. */
    matmul(out: Tensor, a: Tensor, b: Tensor, options?: { accumulate?: boolean }): void;
    /** out \`[N]\` = the sum of the rows of a \`[M,N]\`, or out += with accumulate. */
    columnSums(out: Tensor, a: Tensor, options?: { accumulate?: boolean }): void;
    /** Equations (4′) to (2′) of one step. */
    lstmCellBackward(dz: Tensor, dc: Tensor, dcPrev: Tensor, dh: Tensor, gates: Tensor, c: Tensor, cPrev: Tensor): void;
    /** out += a */
    add(out: Tensor, a: Tensor): void;
    /** Every element of out = value. */
    fill(out: Tensor, value: number): void;
    /** out = a */
    copy(out: Tensor, a: Tensor): void;
  }

  export interface AccumulateOptions {
    /** Add to the output. */
    readonly accumulate?: boolean;
  }

  /** The views of one step for the sequences that run at it. */
  export interface RunningRows {
    readonly dz: Tensor;
    readonly dc: Tensor;
    readonly dcPrev: Tensor;
    readonly dh: Tensor;
    readonly dhPrev: Tensor;
    readonly gates: Tensor;
    readonly c: Tensor;
    readonly cPrev: Tensor;
    readonly hPrevTransposed: Tensor;
    readonly xTransposed: Tensor[];
    readonly dx: Tensor[];
  }

  /** The views of one step for the sequences that have ended. */
  export interface EndedRows {
    readonly dh: Tensor;
    readonly dc: Tensor;
    readonly dhPrev: Tensor;
    readonly dcPrev: Tensor;
  }

  /** The views of one step that a projection uses. */
  export interface ProjectedRows {
    readonly h: Tensor;
    readonly dh: Tensor;
    readonly dm: Tensor;
    readonly mTransposed: Tensor;
    readonly WrTransposed: Tensor;
    readonly dWr: Tensor;
  }

  /** The views of one step. */
  export interface Step {
    readonly running: RunningRows | undefined;
    readonly projected: ProjectedRows | undefined;
    readonly ended: EndedRows | undefined;
  }

  export interface Lstm {
    readonly sizes: { readonly T: number; readonly B: number; readonly I: number; readonly H: number };
    /** Hidden states \`[T+1,B,H]\`. */
    readonly h: Tensor;
    readonly dh: Tensor;
    readonly dc: Tensor;
    readonly dhUpstream: Tensor;
    readonly dcUpstream?: Tensor | undefined;
    readonly dKernel: Tensor;
    readonly dBias: Tensor;
    readonly projection?: { readonly dWr: Tensor } | undefined;
    readonly dInputs: readonly Tensor[];
    readonly WxTransposed: readonly Tensor[];
    readonly WhTransposed: Tensor;
    readonly dWx: readonly Tensor[];
    readonly dWh: Tensor;
    /** In the order of the forward pass. */
    readonly steps: readonly Step[];
  }

  // An exercise cannot import the function that it asks for.

  export const BETA1: number;
  export const BETA2: number;
  export const EPSILON: number;
  export function copyInto(target: Tensor, source: Tensor): void;
  export function fill(tensor: Tensor, value: number): void;
  /** Every element as one vector. */
  export function flatten(tensor: Tensor): Tensor;
  /** \`[…,N]\` as a matrix. */
  export function matrixOf(tensor: Tensor): Tensor;
  /** The rows from … to - 1. */
  export function rowsOf(tensor: Tensor, from: number, to: number): Tensor;
  export function stepOf(tensor: Tensor, t: number): Tensor;
  export function transposeOf(matrix: Tensor): Tensor;
  /** The whole sequence. */
  export function lstmBackward(backend: Backend, lstm: Lstm, options?: AccumulateOptions): void;
  /** (4′)–(1′) of one step. */
  export function lstmStepBackward(backend: Backend, lstm: Lstm, step: RunningRows): void;
  /** From  z = x·Wx + b: adds the terms of one step to dxₖ \`[B,Iₖ]\` and dWxₖ \`[Iₖ,4H]\`. */
  export function inputBackward(
    backend: Backend,
    dx: readonly Tensor[],
    dWx: readonly Tensor[],
    dz: Tensor,
    xTransposed: readonly Tensor[],
    WxTransposed: readonly Tensor[],
  ): void;
  /** (14′) of the sequences that have ended. */
  export function keepStateBackward(backend: Backend, ended: EndedRows): void;
  /** (16′): dm and dWr of a projection h = m·Wr. */
  export function projectBackward(backend: Backend, projected: ProjectedRows): void;

  /** Numbers by name. */
  export type Numbers<Names extends string> = Readonly<Record<Names, number>>;
  /** (4′) of sequence b, unit n: returns dO and dC, and stores dC in dc \`[B,H]\`. dh and c \`[B,H]\` are read. */
  export function hiddenStateBackward(
    dc: Tensor,
    dh: Tensor,
    c: Tensor,
    b: number,
    n: number,
    values: Numbers<'o'>,
  ): Numbers<'dO' | 'dC'>;
  /** (3′) of sequence b, unit n: returns dI, dJ and dF, and adds to dcPrev \`[B,H]\`. cPrev \`[B,H]\` is read. */
  export function cellStateBackward(
    dcPrev: Tensor,
    cPrev: Tensor,
    b: number,
    n: number,
    values: Numbers<'i' | 'j' | 'f' | 'dC'>,
  ): Numbers<'dI' | 'dJ' | 'dF'>;
  /** (2′) of sequence b, unit n: fills its four numbers of dz \`[B,4H]\`. */
  export function gatesBackward(
    dz: Tensor,
    b: number,
    n: number,
    values: Numbers<'i' | 'j' | 'f' | 'o' | 'dI' | 'dJ' | 'dF' | 'dO'>,
  ): void;

  /** Rows of numbers. */
  export type Matrix = Float64Array[];
  /** (e): h[0] \`[B,H]\` from start \`[1,H]\`. */
  export function initialStateForward(h: readonly Matrix[], start: Matrix): void;
  /** (e′): dStart \`[1,H]\`, which is zero before, from dh \`[T+1][B,H]\`. */
  export function initialStateBackward(dStart: Matrix, dh: readonly Matrix[]): void;
  /** (d′) and (c′): dWy \`[H,C]\`, dBiasY \`[1,C]\` and dh of the last state, which are zero before, from p \`[B,C]\`. */
  export function outputLayerBackward(
    gradients: { dWy: Matrix; dBiasY: Matrix; dh: readonly Matrix[] },
    labels: readonly number[],
    Wy: Matrix,
    results: { h: readonly Matrix[]; p: Matrix },
  ): void;
  /** (b′) and (a′) of every step: adds to dWx \`[I,H]\`, dWh \`[H,H]\`, dBias \`[1,H]\`, and to dh of all states but the last. */
  export function stepsBackward(
    gradients: { dWx: Matrix; dWh: Matrix; dBias: Matrix; dh: readonly Matrix[] },
    x: readonly Matrix[],
    Wh: Matrix,
    h: readonly Matrix[],
  ): void;
}
`;
