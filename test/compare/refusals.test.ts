/** `longhand compare` refuses a faulty file of a network in one line, which names the tensor, its shape and what was expected. */
import { type Change, changed } from '../helpers/changed-files.js';
import {
  type InputOptions,
  compare,
  numbers,
  randomInputs,
  stored,
  storedZeros,
  whole,
} from '../helpers/compare-files.js';
import { dataErrorOf } from '../helpers/failures.js';

const messageOf = async (options: InputOptions, change: Change): Promise<string> => {
  const file = changed(randomInputs(3, options), (tensors) => tensors.set('loss', stored(Float64Array.of(1), [])));
  const message = await dataErrorOf(compare(changed(file, change)));
  expect(message).not.toContain('\n');
  return message;
};
const set =
  (name: string, ...shape: number[]): Change =>
  (tensors) =>
    tensors.set(name, storedZeros(...shape));
const without =
  (name: string): Change =>
  (tensors) =>
    tensors.delete(name);
const renamed =
  (from: string, to: string): Change =>
  (tensors) =>
    tensors.set(to, tensors.get(from)!).delete(from);
const integers =
  (name: string, values: readonly number[], ...shape: number[]): Change =>
  (tensors) =>
    tensors.set(name, whole(values, shape));
const notFinite =
  (name: string, at: number, ...shape: number[]): Change =>
  (tensors) =>
    tensors.set(name, stored(numbers(storedZeros(...shape)).fill(NaN, at, at + 1), shape));
const meta =
  (key: string, value: string): Change =>
  (_, metadata) =>
    metadata.set(key, value);
const every = { metadata: { reads: 'every' } };
const squared = { metadata: { loss: 'squaredError' } };
const forward: InputOptions = { bidirectional: false };
const [gru, rnn]: InputOptions[] = [{ cell: 'gru' }, { cell: 'rnn' }];

const one: InputOptions = { bidirectional: false, hidden: [2] };
const uneven: InputOptions = { hidden: [3, 2], states: false };
const ragged: InputOptions = { lengths: [1, 3, 2] };
const zeroes = Array<number>(9).fill(0);
const UNEVEN = 'must be left out: the layers have H 3, 2, so their states cannot be stacked as [layers·directions,B,H]';
const ENTROPY =
  'but the loss is crossEntropy, which needs only labels [3]; for targets, set metadata loss to squaredError';
const NONE = "but none counts: each is -1 or beyond its sequence's end; at least one must be a class 0…3";

const GAP = 'is missing: layers are numbered from 0 without a gap';
const NAMES = 'must be named kernel.N, bias.N or projection.N, with .reverse at the end for the reverse direction';
const REVERSE = 'tensor "kernel.1.reverse" is [6,8]';
const LSTM = 'leave it out, or set metadata cell to lstm';
const AT_EVERY_STEP = 'for a loss at every step, set metadata reads to every';

const FAULTS: readonly (readonly [InputOptions, Change, string])[] = [
  // layers and directions
  [
    forward,
    (...file) => ['kernel', 'bias'].map((name) => renamed(`${name}.1`, `${name}.2`)(...file)),
    `tensor "kernel.2" is [4,8], but layer 1 ${GAP}`,
  ],
  [forward, without('kernel.0'), `tensor "kernel.1" is [4,8], but layer 0 ${GAP}`],
  [forward, without('bias.1'), 'tensor "kernel.1" is [4,8], but the file has no "bias.1", which must be [8]'],
  [forward, without('kernel.1'), 'tensor "bias.1" is [8], but the file has no "kernel.1"'],
  [{}, without('kernel.1'), `${REVERSE}, the reverse direction of layer 1, but the file has no "kernel.1"`],
  [{}, without('kernel.1.reverse'), 'tensor "bias.1.reverse" is [8], but the file has no "kernel.1.reverse"'],
  [{}, without('bias.1.reverse'), `${REVERSE}, but the file has no "bias.1.reverse", which must be [8]`],
  [
    forward,
    renamed('kernel.0', 'kernel'),
    'tensor "kernel" is [6,8], but the file also has "bias.0": numbered layers begin with kernel.0',
  ],
  [
    one,
    renamed('bias.0', 'bias'),
    'tensor "bias" is [8], but the file also has "kernel.0": numbered layers begin with bias.0',
  ],
  [forward, renamed('kernel.1', 'kernel.01'), `tensor "kernel.01" is [4,8], ${NAMES}`],
  [forward, renamed('bias.1', 'bias.1.back'), `tensor "bias.1.back" is [8], ${NAMES}`],
  [forward, set('d.kernel.2', 4, 8), 'tensor "d.kernel.2" is [4,8], but the file has no "kernel.2"'],
  [one, set('d.kernel', 6, 8), 'tensor "d.kernel" is [6,8], but the file has no "kernel"'],
  [{}, set('d.kernal.0', 6, 8), 'tensor "d.kernal.0" is [6,8], but the file has no "kernal.0"'],
  [{}, set('d.labels', 3), 'tensor "d.labels" is [3], but "labels" has no gradient'],
  // shapes
  [{}, set('kernel.1', 5, 8), 'tensor "kernel.1" is [5,8], must be [6,8] = [I+H,4H]: I is 4 from layer 0, H is 2'],
  [
    {},
    set('kernel.0.reverse', 7, 12),
    'tensor "kernel.0.reverse" is [7,12], must be [6,8] = [I+H,4H]: I is 4 from x, H is 2 from kernel.0',
  ],
  [{}, set('kernel.1', 8, 6), 'tensor "kernel.1" is [8,6], must be [I+H,4H]: 6 columns are not 4 blocks'],
  [{}, set('kernel.1.reverse', 8, 6), 'kernel.1.reverse is [8,6]: transposed; it must be [I+H,4H] = [6,8]'],
  [{}, set('bias.1.reverse', 6), 'tensor "bias.1.reverse" is [6], must be [8]'],
  [
    {},
    set('outKernel', 2, 4),
    'tensor "outKernel" is [2,4], must be [4,4] = [directions·H,C]: the top layer has 2·2 units',
  ],
  [{}, set('outKernel', 2, 2, 4), 'tensor "outKernel" is [2,2,4], must be [2·H,C]'],
  [{}, set('d.kernel.1.reverse', 4, 8), 'tensor "d.kernel.1.reverse" is [4,8], must be [6,8]'],
  [{}, set('h', 3, 3, 2), 'tensor "h" is [3,3,2], must be [3,3,4]'],
  [every, set('logits', 3, 4), 'tensor "logits" is [3,4], must be [3,3,4]'],
  [{}, set('kernel.1', 0, 8), 'tensor "kernel.1" is [0,8]: it must not be empty'],
  // states
  [{}, set('h0', 3, 2), 'tensor "h0" is [3,2], must be [4,3,2] = [layers·directions,B,H]'],
  [{}, set('c0', 2, 3, 2), 'tensor "c0" is [2,3,2], must be [4,3,2] = [layers·directions,B,H]'],
  [{}, set('d.c0', 3, 2), 'tensor "d.c0" is [3,2], must be [4,3,2]'],
  [one, set('d.h0', 3, 2), 'tensor "d.h0" is [3,2], must be [1,3,2]'],
  [uneven, set('h0', 4, 3, 3), `tensor "h0" is [4,3,3], ${UNEVEN}`],
  [uneven, set('d.c0', 4, 3, 3), `tensor "d.c0" is [4,3,3], ${UNEVEN}`],
  // lengths
  [{}, integers('lengths', [1, 2], 2), 'tensor "lengths" is [2], must be [3]'],
  [{}, integers('lengths', [1, 0, 2], 3), 'lengths[1] is 0: lengths [3] must be 1…3, since x has 3 steps'],
  [{}, integers('lengths', [1, 2, 4], 3), 'lengths[2] is 4: lengths [3] must be 1…3, since x has 3 steps'],
  [{}, set('lengths', 3), 'tensor "lengths" is F64, must be U8 or I32 or U32 or I64'],
  [
    ragged,
    notFinite('x', 20, 3, 3, 4),
    'tensor "x": element [1,2,0] is NaN, must be finite: sequence 2 has not ended there',
  ],
  [{ ...ragged, ...squared }, notFinite('targets', 0, 3, 4), 'tensor "targets": element 0 is NaN, must be finite'],
  // the loss
  [{}, meta('loss', 'mse'), 'metadata loss is "mse", must be crossEntropy or squaredError'],
  [{}, meta('reads', 'all'), 'metadata reads is "all", must be last or every'],
  [
    {},
    meta('loss', 'squaredError'),
    'tensor "labels" is [3], but the loss is squaredError, which needs only targets [3,4]',
  ],
  [squared, meta('loss', 'crossEntropy'), `tensor "targets" is [3,4], ${ENTROPY}`],
  [{}, set('targets', 3, 4), `tensor "targets" is [3,4], ${ENTROPY}`],
  [squared, set('targets', 3, 5), 'tensor "targets" is [3,5], must be [3,4]'],
  [squared, set('targets', 3, 3, 4), `tensor "targets" is [3,3,4], must be [3,4]; ${AT_EVERY_STEP}`],
  [every, integers('labels', [0, 1, 2], 3), 'tensor "labels" is [3], must be [3,3]; reads is every'],
  [{}, integers('labels', zeroes, 3, 3), `tensor "labels" is [3,3], must be [3]; ${AT_EVERY_STEP}`],
  [{}, integers('labels', [-1, -1, -1], 3), `tensor "labels" is [3], ${NONE}`],
  [
    { ...every, lengths: [1, 1, 1] },
    integers('labels', [-1, -1, -1, ...zeroes.slice(3)], 3, 3),
    `tensor "labels" is [3,3], ${NONE}`,
  ],
  [
    every,
    integers('labels', [0, 0, 0, 0, 4, 0, 0, 0, 0], 3, 3),
    'label 4 at 1,1: outKernel has classes 0…3; -1 does not count',
  ],
  [{}, integers('labels', [0, 1, -2], 3), 'label -2 at 2: outKernel has classes 0…3; -1 does not count'],
  [{}, set('d.targets', 3, 4), 'tensor "d.targets" is [3,4], but the file has no "targets"'],
  // other cells
  [{}, meta('cell', 'peephole'), 'metadata cell is "peephole", must be lstm or gru or rnn'],
  [gru, set('c0', 4, 3, 2), `tensor "c0" is [4,3,2], but a GRU has none: ${LSTM}`],
  [rnn, set('c', 3, 3, 4), `tensor "c" is [3,3,4], but an RNN has none: ${LSTM}`],
  [
    gru,
    (_, metadata) => metadata.delete('cell'),
    'tensor "recurrentBias.0" is [6], but an LSTM has none: leave it out, or set metadata cell to gru',
  ],
  [gru, set('projection.0', 2, 1), `tensor "projection.0" is [2,1], but a GRU has none: ${LSTM}`],
  [gru, meta('forgetBias', '1'), 'metadata forgetBias is "1", but a GRU has no forget gate: leave it out'],
  [
    gru,
    without('recurrentBias.0'),
    'tensor "kernel.0" is [6,6], but the file has no "recurrentBias.0", which must be [6]',
  ],
  [gru, set('kernel.1', 6, 5), 'tensor "kernel.1" is [6,5], must be [I+H,3H]: 5 columns are not 3 blocks'],
  [
    rnn,
    set('kernel.1.reverse', 6, 3),
    'tensor "kernel.1.reverse" is [6,3], must be [6,2] = [I+H,H]: I is 4 from layer 0, H is 2 from kernel.1',
  ],
  [
    gru,
    set('recurrentBias.1.back', 6),
    `tensor "recurrentBias.1.back" is [6], ${NAMES.replace('bias.N or projection.N', 'bias.N or recurrentBias.N')}`,
  ],
];

const cases = FAULTS.map(([options, change, message]) => [message, options, change] as const);
test.each(cases)('%s', async (message, options, change) => {
  expect(await messageOf(options, change)).toBe(`f: ${message}`);
});

test.each(['labels', 'targets'])('a file without %s', async (name) => {
  expect(await messageOf(name === 'targets' ? squared : {}, without(name))).toMatch(
    `f: has no tensor "${name}", only "x", `,
  );
});
