/**
 * The LSTM, forward and backward through time.
 *
 * Forward, one step:
 *   (1) z = x·Wx + hPrev·Wh + b
 *   (2) i = σ(zi);  j = tanh(zj);  f = σ(zf + forgetBias);  o = σ(zo)
 *   (3) c = f*cPrev + i*j
 *   (4) h = o*tanh(c)
 *
 * Backward, one step, in reverse order:
 *   (4′) do = dh*tanh(c);  dc += dh*o*(1-tanh²c)
 *   (3′) di = dc*j;  dj = dc*i;  df = dc*cPrev;  dcPrev += dc*f
 *   (2′) dzi = di*i*(1-i);  dzj = dj*(1-j²);  dzf = df*f*(1-f);  dzo = do*o*(1-o)
 *   (1′) dhPrev += dz·Whᵀ;  dx = dz·Wxᵀ;  dWx += xᵀ·dz;  dWh += hPrevᵀ·dz;  db += Σ dz
 *
 * T steps, B sequences in a batch, I inputs, H hidden units. Gates are in the order i, j, f, o, as in TensorFlow 1.x's
 * BasicLSTMCell; j is the candidate, which other texts call g. `dAny` is ∂loss/∂any, with the shape of any.
 * docs/derivation.md derives the equations.
 */
import { assertSizes } from './arguments.js';
import type { Backend } from './backend.js';
import { allocateAll } from './backend.js';
import type { Shape, Tensor } from './tensor.js';
import { assertShape, rowsOf, stepOf, transposeOf } from './tensor.js';

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Equations (2)–(4) for one step: h, c, cPrev `[B,H]`; gates, z `[B,4H]`. */
export function lstmCellForward(
  h: Tensor,
  c: Tensor,
  gates: Tensor,
  z: Tensor,
  cPrev: Tensor,
  forgetBias: number,
): void {
  const [B, H] = h.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
      // (2) the gates
      const i = sigmoid(z.get(b, n));
      const j = Math.tanh(z.get(b, H + n));
      const f = sigmoid(z.get(b, 2 * H + n) + forgetBias);
      const o = sigmoid(z.get(b, 3 * H + n));
      gates.set(b, n, i);
      gates.set(b, H + n, j);
      gates.set(b, 2 * H + n, f);
      gates.set(b, 3 * H + n, o);

      // (3) what the cell keeps, plus what it adds
      const cNew = f * cPrev.get(b, n) + i * j;
      c.set(b, n, cNew);

      // (4) the output
      h.set(b, n, o * Math.tanh(cNew));
    }
  }
}

/**
 * Equations (4′)–(2′) for one step, the forward lines in reverse: dh, dc, dcPrev, c, cPrev `[B,H]`; dz, gates
 * `[B,4H]`. On entry dc holds the gradient from step t+1 and from outside the LSTM; on return, the complete ∂loss/∂c.
 *
 * In the code, dh and dc are tensors. dC, dI, dJ, dF and dO are numbers: ∂loss/∂c, ∂loss/∂i, … at (b, n). Their names
 * have a capital letter because `do` is a reserved word.
 */
export function lstmCellBackward(
  dz: Tensor,
  dc: Tensor,
  dcPrev: Tensor,
  dh: Tensor,
  gates: Tensor,
  c: Tensor,
  cPrev: Tensor,
): void {
  const [B, H] = dh.shape;
  for (let b = 0; b < B; b++) {
    for (let n = 0; n < H; n++) {
      const i = gates.get(b, n);
      const j = gates.get(b, H + n);
      const f = gates.get(b, 2 * H + n);
      const o = gates.get(b, 3 * H + n);

      // (4′) from  h = o*tanh(c):  we add, because c is used twice: by h, and by step t+1, whose gradient is in dc
      const tanhC = Math.tanh(c.get(b, n));
      const dO = dh.get(b, n) * tanhC;
      const dC = dc.get(b, n) + dh.get(b, n) * o * (1 - tanhC * tanhC);
      dc.set(b, n, dC);

      // (3′) from  c = f*cPrev + i*j
      const dI = dC * j;
      const dJ = dC * i;
      const dF = dC * cPrev.get(b, n);
      dcPrev.set(b, n, dcPrev.get(b, n) + dC * f);

      // (2′) from  i,f,o = σ(z), σ′ = σ·(1-σ);  j = tanh(z), tanh′ = 1-tanh²
      dz.set(b, n, dI * i * (1 - i));
      dz.set(b, H + n, dJ * (1 - j * j));
      dz.set(b, 2 * H + n, dF * f * (1 - f));
      dz.set(b, 3 * H + n, dO * o * (1 - o));
    }
  }
}

/** The whole sequence forward: fills gates and rows 1…T of h and c from x, row 0 of h and c, kernel and bias. */
export function lstmForward(backend: Backend, lstm: Lstm): void {
  const { z, bias, forgetBias } = lstm;
  const { Wx, Wh, steps } = lstm.views;

  for (const { x, hPrev, cPrev, h, c, gates } of steps) {
    // (1) z = x·Wx + hPrev·Wh + b
    backend.matmul(z, x, Wx, { bias });
    backend.matmul(z, hPrev, Wh, { accumulate: true });

    backend.lstmCellForward(h, c, gates, z, cPrev, forgetBias); // (2)–(4)
  }
}

/**
 * The whole sequence backward, after `lstmForward`. dhOutside and dcOutside hold the gradients that reach h and c from
 * outside the LSTM. For example, the output layer writes row T of dhOutside. If nothing outside the LSTM reads a state,
 * its row is zero.
 *
 * Computes dKernel and dBias, and dx if the LSTM has it. Computes the complete ∂loss/∂h and ∂loss/∂c in dh and dc; their
 * row 0 is the gradient of the initial state. Does not change its inputs, so a second call computes the same.
 */
export function lstmBackward(backend: Backend, lstm: Lstm): void {
  const { dhOutside, dcOutside, dz, dKernel, dBias } = lstm;
  const { dWx, dWh, WxTransposed, WhTransposed, steps } = lstm.views;

  // Every step adds to dh and dc of the step before, so both start as the gradients from outside.
  backend.copy(lstm.dh, dhOutside);
  if (dcOutside) backend.copy(lstm.dc, dcOutside);
  else backend.fill(lstm.dc, 0);

  // Every step uses the same parameters, so their gradients are sums over the steps.
  backend.fill(dKernel, 0);
  backend.fill(dBias, 0);

  for (let t = steps.length - 1; t >= 0; t--) {
    const { dc, dcPrev, dh, dhPrev, dx, gates, c, cPrev, xTransposed, hPrevTransposed } = steps[t];
    backend.lstmCellBackward(dz, dc, dcPrev, dh, gates, c, cPrev); // (4′)–(2′)

    // (1′) from  z = x·Wx + hPrev·Wh + b
    backend.matmul(dhPrev, dz, WhTransposed, { accumulate: true });
    backend.matmul(dWh, hPrevTransposed, dz, { accumulate: true });
    backend.matmul(dWx, xTransposed, dz, { accumulate: true });
    backend.columnSums(dBias, dz, { accumulate: true });
    if (dx) backend.matmul(dx, dz, WxTransposed);
  }
}

/** Streaming: copies the last state into the initial one, so that the next call continues from it. */
export function carryState(backend: Backend, { h, c, sizes: { T } }: Lstm): void {
  backend.copy(stepOf(h, 0), stepOf(h, T));
  backend.copy(stepOf(c, 0), stepOf(c, T));
}

// ── Machinery: the tensors of an LSTM, and the views of them that the equations use ──

/** The sizes of an LSTM, each a whole number ≥ 1. */
export interface LstmSizes {
  /** Steps of a sequence. */
  readonly T: number;
  /** Sequences in a batch. */
  readonly B: number;
  /** Inputs: numbers that one step reads. */
  readonly I: number;
  /** Hidden units. */
  readonly H: number;
}

/**
 * Every tensor of an LSTM with its shape. Row 0 of h and c is the initial state, so all steps work alike. z and dz hold
 * only one step, because later steps do not read them: such a small tensor stays in the processor's cache.
 */
export function lstmShapes({ T, B, I, H }: LstmSizes) {
  return {
    /** The inputs, `[T,B,I]`. */
    x: [T, B, I],
    /** The weights, `[I+H,4H]`: Wx in the first I rows, Wh in the last H; blocks of H columns for gates i, j, f, o. */
    kernel: [I + H, 4 * H],
    /** b of equation (1), `[4H]`: gates i, j, f, o. The forget bias is not in it. */
    bias: [4 * H],
    /** Hidden states, `[T+1,B,H]`: row 0 is the initial state, row t+1 the state after step t. */
    h: [T + 1, B, H],
    /** Cell states, `[T+1,B,H]`: row 0 is the initial state, row t+1 the state after step t. */
    c: [T + 1, B, H],
    /** Pre-activations of one step, `[B,4H]`: gates i, j, f, o. Each step overwrites them. */
    z: [B, 4 * H],
    /** Activated gates of every step, `[T,B,4H]`: i, j, f, o. */
    gates: [T, B, 4 * H],
    /** ∂loss/∂kernel, `[I+H,4H]`. */
    dKernel: [I + H, 4 * H],
    /** ∂loss/∂bias, `[4H]`. */
    dBias: [4 * H],
    /** The gradient that reaches h from outside the LSTM, `[T+1,B,H]`, rows as in `h`; see `lstmBackward`. */
    dhOutside: [T + 1, B, H],
    /** ∂loss/∂h, `[T+1,B,H]`, rows as in `h`; see `lstmBackward`. */
    dh: [T + 1, B, H],
    /** ∂loss/∂c, `[T+1,B,H]`, rows as in `c`; see `lstmBackward`. */
    dc: [T + 1, B, H],
    /** ∂loss/∂z of one step, `[B,4H]`. Each step overwrites it. */
    dz: [B, 4 * H],
  } satisfies Record<string, Shape>;
}

/** The tensors of an LSTM, named as in the equations. (A mapped type, so that editors show the comments of `lstmShapes`.) */
export type LstmTensors = { [Name in keyof ReturnType<typeof lstmShapes>]: Tensor } & {
  /** The gradient that reaches c from outside the LSTM, `[T+1,B,H]`, rows as in `c`. Default: none, which means zero. */
  readonly dcOutside?: Tensor;
  /** ∂loss/∂x, `[T,B,I]`. Default: none, then it is not computed. */
  readonly dx?: Tensor;
};

/** An LSTM: its tensors, its sizes, and the views that the equations use. Made by `allocateLstm` or `bindLstm`. */
export interface Lstm extends LstmTensors {
  /** T, B, I and H. */
  readonly sizes: LstmSizes;
  /** Added to the forget gate's pre-activation in the forward pass; never stored in `bias`. */
  readonly forgetBias: number;
  /** Views of the tensors (no copies), made once. */
  readonly views: ReturnType<typeof viewsOf>;
}

/** An LSTM over existing tensors. `forgetBias`: default 1. Throws a RangeError that names a tensor of the wrong shape. */
export function bindLstm(sizes: LstmSizes, tensors: LstmTensors, forgetBias = 1): Lstm {
  assertSizes('lstm', sizes, ['T', 'B', 'I', 'H']);
  const shapes = lstmShapes(sizes);
  for (const name of Object.keys(shapes) as (keyof typeof shapes)[]) {
    assertShape('lstm', name, tensors[name], shapes[name]);
  }
  if (tensors.dcOutside) assertShape('lstm', 'dcOutside', tensors.dcOutside, shapes.dc);
  if (tensors.dx) assertShape('lstm', 'dx', tensors.dx, shapes.x);
  return { ...tensors, sizes, forgetBias, views: viewsOf(sizes, tensors) };
}

/**
 * An LSTM with new tensors, all zero, dcOutside and dx included. `forgetBias`: default 1. If they do not all fit,
 * frees those that it has allocated, and throws an OutOfMemoryError.
 */
export function allocateLstm(
  backend: Backend,
  sizes: LstmSizes,
  forgetBias = 1,
): Lstm & Required<Pick<Lstm, 'dcOutside' | 'dx'>> {
  assertSizes('lstm', sizes, ['T', 'B', 'I', 'H']);
  const shapes = lstmShapes(sizes);
  const tensors = allocateAll(backend, { ...shapes, dcOutside: shapes.dc, dx: shapes.x });
  return { ...bindLstm(sizes, tensors, forgetBias), dcOutside: tensors.dcOutside, dx: tensors.dx };
}

function viewsOf({ T, I, H }: LstmSizes, tensors: LstmTensors) {
  const { x, kernel, h, c, gates, dx, dKernel, dh, dc } = tensors;
  const Wx = rowsOf(kernel, 0, I);
  const Wh = rowsOf(kernel, I, I + H);
  const steps = Array.from({ length: T }, (_, t) => ({
    /** x of step t, `[B,I]`. */
    x: stepOf(x, t),
    /** xᵀ, `[I,B]`. */
    xTransposed: transposeOf(stepOf(x, t)),
    /** The activated gates of step t, `[B,4H]`. */
    gates: stepOf(gates, t),
    /** Row t of h, `[B,H]`: the state that step t reads. */
    hPrev: stepOf(h, t),
    /** hPrevᵀ, `[H,B]`. */
    hPrevTransposed: transposeOf(stepOf(h, t)),
    /** Row t of c, `[B,H]`: the state that step t reads. */
    cPrev: stepOf(c, t),
    /** Row t+1 of h, `[B,H]`: the state that step t writes. */
    h: stepOf(h, t + 1),
    /** Row t+1 of c, `[B,H]`: the state that step t writes. */
    c: stepOf(c, t + 1),
    /** ∂loss/∂x of step t, `[B,I]`, if the LSTM has `dx`. */
    dx: dx && stepOf(dx, t),
    /** Row t of dh, `[B,H]`. */
    dhPrev: stepOf(dh, t),
    /** Row t of dc, `[B,H]`. */
    dcPrev: stepOf(dc, t),
    /** Row t+1 of dh, `[B,H]`. */
    dh: stepOf(dh, t + 1),
    /** Row t+1 of dc, `[B,H]`. */
    dc: stepOf(dc, t + 1),
  }));
  return {
    /** The kernel's rows for x, `[I,4H]`. */
    Wx,
    /** The kernel's rows for h, `[H,4H]`. */
    Wh,
    /** Wxᵀ, `[4H,I]`. */
    WxTransposed: transposeOf(Wx),
    /** Whᵀ, `[4H,H]`. */
    WhTransposed: transposeOf(Wh),
    /** dKernel's rows for x, `[I,4H]`. */
    dWx: rowsOf(dKernel, 0, I),
    /** dKernel's rows for h, `[H,4H]`. */
    dWh: rowsOf(dKernel, I, I + H),
    /** One entry per step, t = 0 … T-1. */
    steps,
  };
}
