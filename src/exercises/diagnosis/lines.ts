/** Which tensors each line of an exercise feeds. So the tensors that are wrong show where to look. */
import type { Family, Part } from './parts.js';
import { GATES } from './parts.js';

/**
 * What to look at, and the names of the families that a mistake there makes wrong, and of no others. `inOneStep`: those that it makes
 * wrong in a case with one step, if these are others. `part`: the first that it makes wrong.
 */
type Line = readonly [look: string, feeds: readonly string[], inOneStep?: readonly string[] | undefined, part?: string];

const [I, J, F, O] = GATES.map((gate) => `gate ${gate} of dz`);
const WEIGHTS = ['dWh', 'dWx', 'dBias', 'dx', 'dh', 'dc'];
const RNN = ['dWx', 'dWh', 'dBias', 'dh', 'dStart'];

const IN_FORWARD = 'What is wrong in the forward pass is wrong in every gradient';

const LINES: Readonly<Record<string, readonly Line[]>> = {
  product: [
    ['the line of dStates', ['dStates']],
    ['the line of dW', ['dW']],
    ['the line of db', ['db']],
  ],
  'rnn-step': [
    ['the line of dBias', ['dBias']],
    ['the line of dWx', ['dWx']],
    ['the line of dWh', ['dWh']],
    ['the line of dh[t]', RNN, ['dh', 'dStart']],
    ['the loop over m, and at its lines of dWh and of dh[t]', RNN, ['dWh', 'dh', 'dStart']],
    ['the loops, and at the lines of dz and of dh[t]: with one step and one sequence, all are right', RNN, []],
    ['the line of dz, which all of these read, and at the loops around it', RNN, RNN],
  ],
  'initial-state': [
    ['the lines of dStart: (e′)', ['dStart']],
    [`the line of h[0]: (e). ${IN_FORWARD}`, ['h', ...RNN, 'dWy', 'dBiasY'], undefined, 'h[0]'],
    [`the forward pass after h[0], which is right. ${IN_FORWARD}`, ['h', ...RNN, 'dWy', 'dBiasY']],
  ],
  'hidden-state': [
    ['dO', [O]],
    ['dC, which all of these read', ['dc', 'dcPrev', I, J, F]],
    ['tanhC, and at dO and dC, which read it', ['dc', 'dcPrev', I, J, F, O]],
    ['what is stored in dc', ['dc']],
  ],
  'cell-state': [
    ['dI', [I]],
    ['dJ', [J]],
    ['dF', [F]],
    ['what is stored in dcPrev', ['dcPrev']],
  ],
  gates: GATES.map((gate): Line => [`the line of dz for gate ${gate}`, [`gate ${gate} of dz`]]),
  weights: [
    ['the line of dWh', ['dWh']],
    ['the line of dBias', ['dBias']],
    ['the call of inputBackward', ['dWx', 'dx']],
    ['the line of dhPrev', WEIGHTS, ['dh']],
  ],
  'through-time': [
    ['what writes dKernel, of which dWx and dWh are the rows', ['dWh', 'dWx']],
    ['what writes dBias', ['dBias']],
    ['what writes dInputs', ['dx']],
    ['the loop over the steps, and at what it clears: with one step, all are right', WEIGHTS, []],
    ['what dh and dc begin as, and at the call of lstmStepBackward', WEIGHTS, WEIGHTS],
  ],
  adam: [
    ['α', ['α', 'p']],
    ['M and its new mean', ['m', 'p']],
    ['V and its new square', ['v', 'p']],
    ['the line of P', ['p']],
  ],
  'every-step': [
    ['how often denseBackward is called, and with which rows: it replaces dW and db', ['dW', 'db']],
    ['the states and dW in the call of denseBackward', ['dW']],
    ['dLogits and db in the call of denseBackward', ['db']],
    ['which rows of dhUpstream denseBackward writes, and when', ['dhUpstream', ...WEIGHTS]],
    ['the call of lstmBackward', WEIGHTS],
  ],
};

/** Where to look: the only line, or the only lines, that feed the wrong families and no right one. undefined if that is not clear. */
export function placeToLook(exercise: string, families: readonly Family[]): string | undefined {
  const lines = LINES[exercise] ?? [];
  const [names, inOne] = [namesOfWrong(families), namesOfWrong(families, (part) => part.sizes.T === 1)];
  const isWrong = (name: string): boolean =>
    families.some(({ parts }) => parts.some((part) => part.name === name && !part.isRight));
  const fits = ([, feeds, inOneStep, part]: Line): boolean => {
    const known = (all: readonly string[]): string[] => all.filter((name) => families.some((one) => one.name === name));
    const isThere = inOneStep === undefined || isSame(inOne, known(inOneStep));
    return isThere && isSame(names, known(feeds)) && (part === undefined || isWrong(part));
  };
  const one = lines.find(fits);
  if (one) return one[0];
  const several = lines.filter(([, feeds]) => feeds.every((name) => names.includes(name)));
  const isCovered = isSame(names, [...new Set(several.flatMap(([, feeds]) => feeds))]);
  const areSeparate = several.flatMap(([, feeds]) => feeds).length === names.length;
  return isCovered && areSeparate ? several.map(([look]) => look).join(', and at ') : undefined;
}

/** `isCounted`: the parts that count. Default: all. */
const namesOfWrong = (families: readonly Family[], isCounted = (_: Part): boolean => true): string[] =>
  families.flatMap(({ name, parts }) => (parts.some((part) => !part.isRight && isCounted(part)) ? [name] : []));

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name) => other.includes(name));
