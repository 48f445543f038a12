/** A forecaster as the bytes of a checkpoint file: its networks, and its plan as the field `forecast` of the metadata. */
import { counted, definedFields } from '../core/arguments.js';
import { DataError } from '../core/errors.js';
import { digestsIn, scaleIn } from '../data/scale.js';
import type { JsonObject, JsonValue } from '../files/json.js';
import type { Calendar, Workdays } from '../data/calendar.js';
import { CALENDAR_UNITS } from '../data/calendar.js';
import { DECIMALS, PARTS_OF_TIME, THOUSANDS } from '../data/table.js';
import { DAY, FORMAT_RULE, TIME_FORM_NAMES, timeReader } from '../data/times.js';
import type { JsonReader } from '../files/json-reader.js';
import { savedAs } from '../trained-state.js';
import { parseCheckpointSet } from '../training/checkpoint-set.js';
import type { ForecastState } from './forecaster.js';
import type { InputPlan, KnownPlan } from './inputs.js';
import { fitIn } from './methods/methods.js';
import type { ForecastPlan, Rules, StoredCorrection } from './plan.js';
import { isVersion1, membersOf, rulesOf, scoredSteps, STAGES } from './plan.js';
import { FORECAST_METHODS, MOST_AHEAD } from './request.js';
import type { SeriesColumns } from './series.js';
import { FILLS, repeatedColumn } from './series.js';

const namesOf = (plan: ForecastPlan, stage: (typeof STAGES)[number]): string[] =>
  membersOf(plan, stage).map(({ name }) => name);

export const {
  bytesOf: forecastBytes,
  stateIn: forecastIn,
  isTrained,
  assertTrained,
} = savedAs<ForecastPlan>({
  field: 'forecast',
  what: 'forecaster',
  planIn,
  asJson: ({ others, ...first }) =>
    ({ ...first, ...(others && { others: others.map(ownFields) }) }) as unknown as JsonValue,
  namesOf: (plan) => STAGES.flatMap((stage) => namesOf(plan, stage)),
  assertSuits({ T }, { model }, what) {
    if (model.T !== T)
      throw new DataError(`${what} reads windows of ${counted(model.T, 'step')}, but the plan has ${T}`);
  },
  lastNames: (plan) => (plan.scores === null ? undefined : namesOf(plan, 'final')),
});

/** The forecaster of a file. Throws a DataError if the file is damaged, or holds something else. */
export function parseForecast(bytes: Uint8Array, name: string): ForecastState {
  const set = parseCheckpointSet(bytes, name);
  const state = set && forecastIn(set, name);
  if (!state) throw new DataError(`${name}: is not the checkpoint of a forecaster`);
  return state;
}

/** What the plans of a table's series differ in; the first one has the rest. */
const ownFields = ({ name, first, inputs, digests, scores, rules }: ForecastPlan) =>
  definedFields({ name, first, inputs, digests, scores, rules });

/** Reads a plan; every fault is a DataError that names the field. */
function planIn(stored: JsonReader): ForecastPlan {
  const common = commonIn(stored);
  const first = wholePlan(common, ownIn(stored, common));
  assertPlan(stored, first);
  const others = stored.optional('others')?.list((other) => {
    const plan = wholePlan(common, ownIn(other, common));
    assertPlan(other, plan);
    const differs = (['steps', 'seasons', 'lag', 'meanOver', 'holidays', 'hasMissing', 'known'] as const).find(
      (name) => JSON.stringify(plan.inputs[name]) !== JSON.stringify(first.inputs[name]),
    );
    if (differs) throw other.field('inputs').field(differs).fault('that of the first series');
    if (plan.inputs.code?.length !== first.inputs.code?.length)
      throw other.field('inputs').field('code').fault('as long as that of the first series');
    if ((plan.scores === null) !== (first.scores === null))
      throw other.field('scores').fault('null if those of the first series are, and only then');
    return plan;
  });
  if (!others) return first;
  const names = [first, ...others].map(({ name }) => name);
  if (new Set(names).size < names.length) throw stored.field('others').fault('series with different names');
  return { ...first, others };
}

/** In the order of a new plan, which is a part of the file's bytes. */
const wholePlan = (
  { T, holidays, ...common }: ReturnType<typeof commonIn>,
  { inputs, ...own }: ReturnType<typeof ownIn>,
): ForecastPlan => ({ ...common, inputs, T, holidays, ...own });

type OwnFields = 'name' | 'first' | 'inputs' | 'digests' | 'scores' | 'rules' | 'others';

/** What all series of a table have in common. */
function commonIn(stored: JsonReader): Omit<ForecastPlan, OwnFields> {
  const columns = stored.field('columns');
  const calendar = stored.field('calendar');
  const parts = stored.field('parts');
  const ahead = stored.field('ahead').list((one) => one.whole(1, MOST_AHEAD));
  const plan = {
    columns: definedFields<SeriesColumns>({
      time: columns.field('time').texts(),
      predict: columns.field('predict').text(),
      inputs: columns.field('inputs').texts(),
      known: columns.field('known').texts(),
      fill: columns.field('fill').orNull((one) => one.choice(FILLS)),
      timeFormat: timeFormatIn(columns.optional('timeFormat')),
      decimal: columns.optional('decimal')?.choice(DECIMALS),
      thousands: columns.optional('thousands')?.choice(THOUSANDS),
      series: columns.optional('series')?.text(),
    }),
    ahead,
    isTogether: stored.field('isTogether').truth(),
    seeds: stored.field('seeds').whole(1, MOST_NETWORKS),
    coverage: stored.field('coverage').number(0, 1),
    calendar: calendarIn(calendar),
    parts: { validation: parts.field('validation').range(), test: parts.field('test').range() },
    T: stored.field('T').whole(1, MOST_STEPS),
    holidays: stored.field('holidays').orNull((one) => one.list(holidayIn)),
  };
  const repeated = repeatedColumn(plan.columns);
  if (repeated !== undefined) throw columns.fault(`different columns: ${JSON.stringify(repeated)} occurs twice`);
  const rises = ahead.every((one, n) => n === 0 || one > ahead[n - 1]);
  if (ahead.length === 0 || !rises) throw stored.field('ahead').fault('numbers that rise');
  if (plan.seeds * ahead.length > MOST_NETWORKS) throw stored.field('seeds').fault(`at most ${MOST_NETWORKS} networks`);
  const { validation, test } = plan.parts;
  if (validation.to > test.from) throw parts.field('test').field('from').fault(`at least ${validation.to}`);
  const times = plan.columns.time.length;
  if (times > PARTS_OF_TIME.length) throw columns.field('time').fault(`at most ${PARTS_OF_TIME.length} columns`);
  if ((times === 0) !== (plan.calendar.unit === 'row'))
    throw calendar.field('unit').fault('row without a column of the time, and only then');
  return plan;
}

/** What each series of a table has by itself. */
function ownIn(stored: JsonReader, { columns }: Pick<ForecastPlan, 'columns'>): Pick<ForecastPlan, OwnFields> {
  const rules = stored.optional('rules');
  return {
    inputs: inputsIn(stored.field('inputs')),
    digests: digestsIn(stored.field('digests')),
    scores: stored
      .field('scores')
      .orNull((one) => one.list((part) => part.list((score) => score.orNull((n) => n.number())))),
    ...(rules && { rules: rulesIn(rules) }),
    ...(columns.series !== undefined && { name: stored.field('name').text(), first: stored.field('first').whole(0) }),
  };
}

/** Throws a DataError unless the fields of a series' plan suit each other. */
function assertPlan(stored: JsonReader, plan: ForecastPlan): void {
  const { ahead, scores, inputs } = plan;
  const { corrections, later } = rulesOf(plan);
  for (const [name, all] of Object.entries({ corrections, later }))
    if (all && all.length !== ahead.length)
      throw stored.field('rules').field(name).fault(counted(ahead.length, 'correction'));
  if (corrections && !scores && !later)
    throw stored.field('rules').field('later').fault('corrections, because there are no scores');
  if (later && (!corrections || scores))
    throw stored.field('rules').field('later').fault('null, unless there are corrections and no scores');
  if (scores && !isVersion1(plan) && corrections?.every(({ share }) => share !== null) !== true)
    throw stored.field('rules').field('corrections').fault('corrections with their shares, because there are scores');
  const { from, to } = scoredSteps(plan.parts);
  if (scores && (scores.length !== ahead.length || scores.some((part) => part.length !== to - from)))
    throw stored.field('scores').fault(`${counted(ahead.length, 'list')} of ${counted(to - from, 'number')}`);
  if (inputs.lag > 0 && inputs.lag < ahead[ahead.length - 1])
    throw stored.field('inputs').field('lag').fault('0, or no shorter than a horizon');
  for (const name of ['inputs', 'known'] as const) {
    const count = plan.columns[name].length;
    if (inputs[name].length !== count) throw stored.field('inputs').field(name).fault(counted(count, 'column'));
  }
  const columnsLearned = 1 + inputs.inputs.length + inputs.known.length;
  if (plan.digests.length !== columnsLearned) throw stored.field('digests').fault(`${columnsLearned} digests`);
  for (const known of inputs.known) {
    const { repeats } = known.kind === 'categories' ? known : { repeats: null };
    if (repeats !== null && !inputs.seasons.includes(repeats.length))
      throw stored
        .field('inputs')
        .field('known')
        .fault(`repeated codes of ${known.name} as long as one of the seasons`);
  }
}

const rulesIn = (stored: JsonReader): Rules => ({
  method: stored.field('method').choice(FORECAST_METHODS),
  isNonNegative: stored.field('isNonNegative').truth(),
  looks: stored.field('looks').whole(0),
  corrections: stored.field('corrections').orNull((all) => all.list(correctionIn)),
  later: stored.field('later').orNull((all) => all.list(correctionIn)),
});

function correctionIn(stored: JsonReader): StoredCorrection {
  const fits = stored.field('fits').list((fit) => {
    fitIn(fit);
    return fit.value as JsonObject;
  });
  if (fits.length === 0) throw stored.field('fits').fault('one method or more');
  return {
    fits,
    unit: stored.field('unit').number(Number.MIN_VALUE),
    isRelative: stored.field('isRelative').truth(),
    share: stored.field('share').orNull((share) => share.number(0, 1)),
  };
}
function timeFormatIn(stored: JsonReader | undefined): string | undefined {
  if (stored && !timeReader(stored.text())) throw stored.fault(FORMAT_RULE.replace('must be ', ''));
  return stored?.text();
}

/** Files of 1.0.0 have calendars of milliseconds and of months only. */
function calendarIn(stored: JsonReader): Calendar {
  const calendar = definedFields<Calendar>({
    start: stored.field('start').number(-MOST_MS, MOST_MS),
    unit: stored.field('unit').choice(CALENDAR_UNITS),
    step: stored.field('step').whole(1),
    day: stored.optional('day')?.whole(1, 31),
    workdays: workdaysIn(stored.optional('workdays')),
    form: stored.optional('form')?.choice(TIME_FORM_NAMES),
  });
  const isWorkdays = calendar.unit === 'workday';
  if (isWorkdays !== (calendar.workdays !== undefined))
    throw stored.field('unit').fault('workday with workdays, and only then');
  if ((isWorkdays || calendar.unit === 'row') && calendar.step !== 1) throw stored.field('step').fault('1');
  return calendar;
}

function workdaysIn(stored: JsonReader | undefined): Workdays | undefined {
  if (!stored) return undefined;
  const rising = (name: string, least: number, most: number): number[] => {
    const list = stored.field(name).list((one) => one.whole(least, most));
    if (list.some((one, n) => n > 0 && one <= list[n - 1])) throw stored.field(name).fault('numbers that rise');
    return list;
  };
  const weekdays = rising('weekdays', 0, 6);
  if (weekdays.length === 0) throw stored.field('weekdays').fault('at least one day');
  const closed = rising('closed', -MOST_DAYS, MOST_DAYS);
  return { weekdays, closed, until: stored.field('until').whole(-MOST_DAYS, MOST_DAYS) };
}

function inputsIn(stored: JsonReader): InputPlan {
  return definedFields<InputPlan>({
    y: scaleIn(stored.field('y')),
    steps: stored.field('steps').whole(0),
    hasMissing: stored.field('hasMissing').truth(),
    inputs: stored.field('inputs').list(scaleIn),
    seasons: stored.field('seasons').list((one) => one.whole(2)),
    lag: stored.field('lag').whole(0),
    known: stored.field('known').list(knownIn),
    meanOver: stored.field('meanOver').whole(1),
    holidays: stored.field('holidays').texts(),
    code: stored.optional('code')?.list((one) => one.number()),
  });
}

function knownIn(stored: JsonReader): KnownPlan {
  const name = stored.field('name').text();
  const kind = stored.field('kind').choice(['number', 'categories'] as const);
  if (kind === 'number') return { name, kind, scale: scaleIn(stored.field('scale')) };
  const categories = stored
    .field('categories')
    .list((one) => (typeof one.value === 'string' ? one.value : one.number()));
  const repeats = stored.field('repeats').orNull((one) => one.list((code) => code.whole(-1, categories.length - 1)));
  return { name, kind, categories, repeats };
}

function holidayIn(stored: JsonReader): [number, string] {
  const pair = stored.list((one) => one);
  if (pair.length !== 2) throw stored.fault('a day and a name');
  const [day, name] = pair;
  return [day.whole(-MOST_DAYS, MOST_DAYS), name.text()];
}

/** More networks, or longer windows, would not fit into a memory. */
const MOST_NETWORKS = 10_000;
const MOST_STEPS = 1024;
/** JavaScript's dates reach so far from 1970. */
const MOST_DAYS = 100_000_000;
const MOST_MS = DAY * MOST_DAYS;
