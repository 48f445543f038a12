/** What a character model computes in a text: states, gates, and the gradients of the loss of one prediction. In the worker. */
import { createReferenceBackend } from '../../../kernels/reference/index.js';
import { counted } from '../../core/arguments.js';
import type { Backend } from '../../core/backend.js';
import { yieldToEventLoop } from '../../core/event-loop.js';
import { fill, norm, rowsOf, stepOf, valuesOf } from '../../core/tensor.js';
import { type Vocabulary, classesIn } from '../../data/text.js';
import { type CompleteConfig, cellsOf, widthOf } from '../../network/config.js';
import type { Network } from '../../network/network.js';
import type { NamedTensors } from '../../network/parameters.js';
import { assertWrites, distributionOf } from '../../training/sample.js';
import { LONGEST_PASSAGE, PASSAGE, Queue } from '../common.js';
import { type InspectedCell, type Named, inspectedCells } from '../inspect-image.js';
import { type RankedUnit, propertyNamed, ranked, separations } from './separation.js';
import { type Choice, type TextModel, KeptNetwork, likeliest } from './text-writer.js';

/** What the page asks for. */
export interface TextInspectionRequest {
  /** N code points, 2 … 400. The network reads them from a zero state. */
  readonly text: string;
  /** 0 … N-2: the last character that is read before the prediction whose loss is differentiated. */
  readonly target: number;
}

/** A text's forward pass, and the backward pass from the loss of one prediction: -log p of character target+1. */
export interface TextInspection {
  /** Training steps that the network has made. */
  readonly step: number;
  /** `[N]`: the text's code points. */
  readonly characters: readonly string[];
  /** Position of the last character before the prediction, 0 … N-2. */
  readonly target: number;
  /** The loss of that prediction, in nats. */
  readonly loss: number;
  /** `[N-1]`: the loss of every prediction in nats; element t is the loss of character t+1. */
  readonly losses: Float32Array;
  /** The likeliest characters after `target`, at most 12, the likeliest first. */
  readonly choices: readonly Choice[];
  /** `[N]`: ‖∂loss/∂x‖ of each character, x its one-hot vector. 0 after `target`. */
  readonly dxNorms: Float32Array;
  /** Layer by layer, the lowest first. Row t is that after character t; T is N. */
  readonly cells: readonly InspectedCell[];
}

/** One layer's states after each of N characters. */
export interface LayerStates {
  readonly H: number;
  /** `[N,H]` by the state's name: h, and of an LSTM c. */
  readonly states: Named;
}

/** The states of every layer in a text. */
export interface TextStates {
  /** `[N]`: the code points that were read: the text, or its beginning if it is longer than `mostCharacters`. */
  readonly characters: readonly string[];
  /** The lowest layer first. */
  readonly layers: readonly LayerStates[];
}

/** How well each unit of a layer separates the positions at which a property holds. */
export interface Ranking {
  /** Every unit; those that separate best first. See `separations`. */
  readonly units: readonly RankedUnit[];
  /** Share (0 … 1) of the positions at which the property holds. */
  readonly share: number;
}

/** Characters of a text that `states` reads. */
const MOST_CHARACTERS = 20_000;
/** Multiply-adds of a forward pass over a text. */
const MOST_WORK = 5e9;
/** Characters that are read without a pause for the worker's other work; it divides `PASSAGE`. */
const CHUNK = 30;

/** Keeps one network for each of its two jobs, and runs one job at a time. */
export class TextInspector {
  private backend: Backend | undefined;
  private readonly network = new KeptNetwork();
  private readonly reader = new KeptNetwork();
  private lastStates: { text: string; parameters: NamedTensors; states: TextStates } | undefined;
  private readonly queue = new Queue();

  /**
   * `createBackend` is called once, before the first job. Default: plain TypeScript. WebAssembly with one thread gives the
   * same results up to rounding, 5 to 19 times as fast (2 × 128 units).
   */
  constructor(private readonly createBackend: () => Backend | Promise<Backend> = () => createReferenceBackend()) {}

  /**
   * `training.step`: training steps that the model has made. Rejects with a DataError if the vocabulary lacks a character, or
   * if the network does not predict the next one; with a RangeError for another number of characters.
   */
  async inspect(
    model: TextModel,
    training: { readonly step: number },
    request: TextInspectionRequest,
  ): Promise<TextInspection> {
    const classes = classesOf(model, request.text);
    const { target } = request;
    const { step } = training; // at the call: the run may train on while this job waits
    const N = classes.length;
    if (N < 2 || N > LONGEST_PASSAGE)
      throw new RangeError(`text of ${counted(N, 'character')}: must have 2…${LONGEST_PASSAGE}`);
    return this.queue.run(async () => {
      const network = await this.networkFor(model, N);
      setOneHot(network, classes);
      const losses = await lossesOf(network, classes);
      network.setTargets({ labels: classes.map((_, t) => (t === target ? classes[t + 1] : -1)) });
      network.backward();
      const values = await valuesFor(network, model.vocabulary, target);
      return { step, characters: Array.from(request.text), target, loss: losses[target], losses, ...values };
    });
  }

  /**
   * The states of every layer in a text, with a zero state before every 300 characters; at most 20,000 characters, fewer for a large network. Rejects with
   * the DataErrors of `inspect`. A text has a character or more.
   */
  async states(model: TextModel, text: string): Promise<TextStates> {
    const characters = Array.from(text).slice(0, mostCharacters(model.network));
    const read = characters.join('');
    const classes = classesOf(model, read);
    return this.queue.run(async () => {
      const last = this.lastStates;
      if (last?.text === read && last.parameters === model.parameters) return last.states;
      const states = { characters, layers: await readStates(await this.readerFor(model), classes) };
      this.lastStates = { text: read, parameters: model.parameters, states };
      return states;
    });
  }

  /**
   * How well each unit of a layer (0 is the lowest) separates the positions of the text at which a property holds. Keeps the
   * states of the last text and weights, so that another property costs no forward pass. Rejects as `states` does, and with a
   * RangeError for an unknown property.
   */
  async rank(model: TextModel, text: string, propertyId: string, state: string, layer: number): Promise<Ranking> {
    const property = propertyNamed(propertyId);
    const { characters, layers } = await this.states(model, text);
    const { H, states } = layers[layer];
    const N = characters.length;
    const holds = property.holds(characters);
    const units = ranked(separations(states[state], N, H, holds));
    return { units, share: holds.reduce((sum, one) => sum + one, 0) / N };
  }

  /** A network that reads numbers has ∂loss/∂x, and a one-hot x times Wx is the row of Wx that a class would read. */
  private async networkFor(model: TextModel, T: number): Promise<Network> {
    this.backend ??= await this.createBackend();
    return this.network.with(model, this.backend, T, 'numbers');
  }

  private async readerFor(model: TextModel): Promise<Network> {
    this.backend ??= await this.createBackend();
    return this.reader.with(model, this.backend, CHUNK, 'classes');
  }
}

/** Throws a DataError unless the model can read and predict the text. */
function classesOf({ network, vocabulary }: TextModel, text: string): Int32Array {
  assertWrites(network, vocabulary, 'text');
  return Int32Array.from(classesIn(text, vocabulary));
}

function setOneHot({ backend, activations: { x } }: Network, classes: Int32Array): void {
  fill(x, 0);
  classes.forEach((index, t) => x.set(t, 0, index, 1));
  backend.upload(x);
}

/** A forward pass: the loss of every prediction, `[N-1]`. */
async function lossesOf(network: Network, classes: Int32Array): Promise<Float32Array> {
  const { losses } = network.activations;
  network.setTargets({ labels: classes.map((_, t) => classes.at(t + 1) ?? -1) });
  network.forward();
  await network.backend.download(losses);
  return Float32Array.from(valuesOf(losses).subarray(0, -1));
}

/** What a forward and a backward pass have computed. */
async function valuesFor(network: Network, vocabulary: Vocabulary, target: number) {
  const { backend, activations, dx } = network;
  const { logits } = activations;
  const states = network.layers.flat().flatMap(({ cell, activations, outputs, dStates }) => {
    const gates = cell.gates.length > 0 ? [activations.gates] : [];
    return [...gates, ...Object.values(outputs), ...Object.values(dStates)];
  });
  for (const tensor of [logits, dx, ...states]) await backend.download(tensor);
  return {
    choices: likeliest(distributionOf(valuesOf(stepOf(logits, target)), 1, network.config.outputs), vocabulary),
    dxNorms: Float32Array.from({ length: network.sizes.T }, (_, t) => norm(stepOf(dx, t))),
    cells: inspectedCells(network),
  };
}

/** How many characters of a text `states` reads: 20,000, or fewer if a forward pass over them needs over 5·10⁹ multiply-adds. */
export function mostCharacters(network: CompleteConfig): number {
  const top = network.layers[network.layers.length - 1];
  let work = widthOf(top) * network.outputs; // for one character
  for (const place of cellsOf(network)) {
    const [rows, columns] = place.cell.parameterShapes(place).kernel;
    work += (place.layer === 0 ? rows - place.I : rows) * columns; // Wx has one row for a class
  }
  return Math.max(1, Math.min(MOST_CHARACTERS, Math.floor(MOST_WORK / work)));
}

/**
 * Reads the classes chunk by chunk, and copies the states after each. Every passage begins with a zero state, as on the page.
 * Otherwise a cell that only grows would separate the end of the text from its beginning.
 */
async function readStates(network: Network, classes: Int32Array): Promise<LayerStates[]> {
  const { backend, activations, layers } = network;
  const N = classes.length;
  const cells = layers.flat();
  const all = cells.map(({ sizes: { H }, outputs }) => {
    const states = Object.entries(outputs).map(([name, { shape }]) => [name, new Float32Array(N * shape[2])]);
    return { H, states: Object.fromEntries(states) as Named };
  });
  for (let start = 0; start < N; start += CHUNK) {
    if (start % PASSAGE === 0) network.resetState();
    else network.carryState();
    const count = Math.min(CHUNK, N - start);
    for (let t = 0; t < CHUNK; t++) activations.x.set(t, 0, t < count ? classes[start + t] : 0);
    backend.upload(activations.x);
    network.forward();
    for (const [n, { states }] of all.entries()) {
      for (const [name, output] of Object.entries(cells[n].outputs)) {
        await backend.download(output);
        states[name].set(valuesOf(rowsOf(output, 0, count)), start * output.shape[2]);
      }
    }
    await yieldToEventLoop();
  }
  return all;
}
