/** A classifier as the bytes of a checkpoint file: its networks, and its plan as the field `classifier` of the metadata. */
import { counted } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { digestsIn, scaleIn } from '../data/scale.js';
import type { JsonReader } from '../files/json-reader.js';
import { MOST_SEEDS, savedAs } from '../trained-state.js';
import type { Checkpoint } from '../training/checkpoint.js';
import { inputCount } from './classifier.js';
import { type ClassifyPlan, type InputPlan, type Split, membersOf, PARTS } from './plan.js';
import { MOST_CLASSES, repeatedColumn } from './recordings.js';

/** Longer windows would not fit into a memory. */
export const MOST_ROWS = 10_000;

export const {
  bytesOf: classifierBytes,
  stateIn: classifierIn,
  isTrained,
  assertTrained,
} = savedAs<ClassifyPlan>({
  field: 'classifier',
  what: 'classifier',
  planIn,
  namesOf: (plan) => membersOf(plan).flatMap(({ best, name }) => [best, name]),
  assertSuits,
  lastNames: (plan) => membersOf(plan).map(({ name }) => name),
});

/** Throws a DataError unless a network reads the plan's windows, and computes its classes. */
function assertSuits(plan: ClassifyPlan, { model: { T, network } }: Checkpoint, what: string): void {
  const { inputs, inputKind, reads, loss, classNames } = network;
  if (inputKind !== 'numbers' || reads !== 'last' || loss !== 'crossEntropy')
    throw new DataError(`${what}: reads ${inputKind}, with ${loss} at ${reads} step: it does not classify windows`);
  const needed = inputCount(plan);
  if (T !== plan.window || inputs !== needed) {
    throw new DataError(
      `${what}: reads windows of ${counted(T, 'row')} of ${counted(inputs, 'number')}, but the plan has ${plan.window} of ${needed}`,
    );
  }
  if (classNames.length !== plan.classes.length || plan.classes.some((one, k) => one !== classNames[k]))
    throw new DataError(`${what}: has other classes than the plan`);
}

/** Reads a plan; every fault is a DataError that names the field. */
function planIn(stored: JsonReader): ClassifyPlan {
  const [columns, classes, verdicts] = [stored.field('columns'), stored.field('classes'), stored.optional('verdicts')];
  const plan: ClassifyPlan = {
    columns: {
      classify: columns.field('classify').text(),
      inputs: columns.field('inputs').texts(),
      time: columns.field('time').texts(),
      group: columns.field('group').orNull((one) => one.text()),
    },
    window: stored.field('window').whole(2, MOST_ROWS),
    stride: stored.field('stride').whole(1),
    seeds: stored.field('seeds').whole(1, MOST_SEEDS),
    ...(verdicts && { verdicts: verdicts.choice(['group']) }),
    classes: classes.texts(),
    step: stored.field('step').orNull((one) => one.number(0, Number.MAX_VALUE)),
    inputs: stored.field('inputs').list(inputIn),
    split: splitIn(stored.field('split')),
    digests: digestsIn(stored.field('digests')),
  };
  const repeated = repeatedColumn(plan.columns);
  if (repeated !== undefined) throw columns.fault(`different columns: ${JSON.stringify(repeated)} occurs twice`);
  const count = plan.columns.inputs.length;
  if (count === 0) throw columns.field('inputs').fault('one column or more');
  if (plan.inputs.length !== count) throw stored.field('inputs').fault(counted(count, 'column'));
  if (plan.digests.length !== 1 + count) throw stored.field('digests').fault(`${1 + count} digests`);
  const areDifferent = new Set(plan.classes).size === plan.classes.length && !plan.classes.includes('');
  if (!areDifferent || plan.classes.length < 2 || plan.classes.length > MOST_CLASSES)
    throw classes.fault(`2 to ${MOST_CLASSES} different names`);
  const hasTime = plan.columns.time.length > 0;
  if (hasTime !== (plan.step !== null) || plan.step === 0)
    throw stored.field('step').fault(hasTime ? 'a number above 0' : 'null, because there is no time');
  if ((plan.columns.group === null) !== (plan.split.by === 'row'))
    throw stored
      .field('split')
      .field('by')
      .fault(plan.columns.group === null ? 'row' : 'group');
  if (plan.verdicts !== undefined && plan.columns.group === null)
    throw stored.field('verdicts').fault('missing, because there are no groups');
  return plan;
}

function inputIn(stored: JsonReader): InputPlan {
  return { ...scaleIn(stored), hasMissing: stored.field('hasMissing').truth() };
}

function splitIn(stored: JsonReader): Split {
  const by = stored.field('by').choice(['group', 'row'] as const);
  const parts = stored.field('parts');
  const [training, validation, test] = PARTS.map((part) => parts.field(part));
  if (by === 'row') {
    const ranges = { training: training.range(), validation: validation.range(), test: test.range() };
    if (ranges.training.to > ranges.validation.from || ranges.validation.to > ranges.test.from)
      throw parts.fault('one after the other');
    return { by, parts: ranges };
  }
  const groups = { training: training.texts(), validation: validation.texts(), test: test.texts() };
  const all = PARTS.flatMap((part) => groups[part]);
  if (new Set(all).size < all.length) throw parts.fault('different groups');
  return { by, parts: groups };
}
