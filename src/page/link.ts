/** The page's address: a link that repeats a run, and what of it was not understood. */
import { counted, describe, similarName } from '../core/arguments.js';
import type { OptionEntry } from '../training/option-table.js';
import { OPTIONS } from '../training/option-table.js';
import { choiceInLink, LINK_CHOICES } from './backend-choices.js';
import type { BackendChoice } from './backend-choices.js';
import type { Experiment } from './experiments.js';
import { EXPERIMENTS } from './experiments.js';
import { mistakeOf, PLANTED_MISTAKES } from './mistakes.js';
import type { NumberName, RateChange, Settings, Subject, View } from './settings.js';
import { DEFAULTS, LONGEST_PASSAGE, numberFrom, rangeOf, STATES, SUBJECTS } from './settings.js';
import { PROPERTIES } from './text/separation.js';

/** How the text of a field is read. */
export interface LinkField<Value> {
  /** Undefined if the text is not understood. */
  readonly valueOf: (text: string) => Value | undefined;
  /** For messages: continues “hidden=-1: ”. */
  readonly rule: string;
}

/** Reads the fields of an address. Each text that is not understood is reported in a sentence, once. */
export class LinkReader {
  private readonly query: URLSearchParams;
  private readonly known: string[] = [];

  constructor(
    text: string,
    private readonly onFault: (fault: string) => void,
  ) {
    this.query = new URLSearchParams(text);
  }

  /** The value of a field; undefined if the address does not have it, or if its text is not understood. */
  read<Value>(name: string, { valueOf, rule }: LinkField<Value>): Value | undefined {
    this.known.push(name);
    const texts = this.query.getAll(name);
    const text = texts.at(0);
    if (texts.length > 1)
      this.refuse(name, texts[1], `${name} is there ${counted(texts.length, 'time')}; the first counts`);
    if (text === undefined) return undefined;
    const value = valueOf(text);
    if (value === undefined) this.refuse(name, text, rule);
    return value;
  }

  /** Reports a field that was read, but has no effect. */
  refuse(name: string, text: string, rule: string): void {
    const shown = /^[ -~]{1,60}$/.test(text) ? text : describe(text);
    this.onFault(`${name}=${shown}: ${rule}`);
  }

  /** After all fields: reports the names that are none of them. */
  end(): void {
    const unknown = [...new Set(this.query.keys())].filter((name) => !this.known.includes(name));
    const without: string[] = [];
    for (const name of unknown) {
      const meant = similarName(name, this.known);
      if (meant === undefined) without.push(/^\w{1,60}$/.test(name) ? name : describe(name));
      else this.refuse(name, this.query.get(name) ?? '', `unknown field; did you mean ${meant}?`);
    }
    if (without.length === 0) return;
    this.onFault(`${without.join(', ')}: unknown; known fields: ${this.known.join(', ')}`);
  }
}

/** A field with one of these texts. */
export const oneOf = <Text extends string>(texts: readonly Text[]): LinkField<Text> => ({
  valueOf: (text) => texts.find((one) => one === text),
  rule: `must be one of ${texts.join(', ')}`,
});

const number = (name: NumberName): LinkField<number> => ({
  valueOf: (text) => numberFrom(name, text) ?? undefined,
  rule: `must be ${rangeOf(name)}`,
});

function option(name: 'bidirectional' | 'shuffle'): LinkField<unknown> {
  const entry: OptionEntry = OPTIONS[name];
  if (entry.kind === 'choice') return oneOf(entry.choices);
  return {
    valueOf: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
    rule: 'must be true or false',
  };
}

const words: LinkField<string> = {
  valueOf: (text) => (Array.from(text).length <= LONGEST_PASSAGE ? text : undefined),
  rule: `must have at most ${LONGEST_PASSAGE} characters`,
};

const mistake: LinkField<string> = {
  valueOf: (text) => (text === 'none' ? text : mistakeOf(text)?.id),
  rule: `must be one of none, ${PLANTED_MISTAKES.map(({ id }) => id).join(', ')}`,
};

const rateChanges: LinkField<readonly RateChange[]> = {
  valueOf: (text) => {
    const changes: RateChange[] = [];
    for (const part of text.split(',')) {
      const found = /^([^:]*):([^:]*)$/.exec(part);
      if (!found) return undefined;
      const [step, rate] = [numberFrom('steps', found[1]), numberFrom('learningRate', found[2])];
      if (step === null || rate === null || step <= (changes.at(-1)?.step ?? 0)) return undefined;
      changes.push({ step, rate });
    }
    return changes;
  },
  rule: 'must be steps that rise, each with a rate above 0, such as 120:0.001,400:0.0001',
};

type State = Settings & View;

interface StateField extends LinkField<unknown> {
  /** The subject that has this field. Default: both. */
  readonly subject?: Subject;
}

const digits = { subject: 'digits' } as const;
const text = { subject: 'text' } as const;

/** Every field, in the order of a link. The backend has several names. */
const FIELDS: Readonly<Record<Exclude<keyof State, 'subject' | 'backend'>, StateField>> = {
  T: { ...number('T'), ...text },
  characters: { ...number('characters'), ...text },
  planted: { ...mistake, ...digits },
  threads: number('threads'),
  hidden: number('hidden'),
  layers: number('layers'),
  bidirectional: { ...option('bidirectional'), ...digits }, // a text cannot be read in both directions,
  forgetBias: number('forgetBias'),
  batchSize: number('batchSize'),
  learningRate: number('learningRate'),
  seed: number('seed'),
  shuffle: { ...option('shuffle'), ...digits }, // and is read in order
  rateChanges,
  steps: number('steps'),
  experiment: words, // depends on the subject: see `fieldOf`
  image: { ...number('image'), ...digits },
  row: { ...number('row'), ...digits },
  lstm: number('lstm'),
  mistake,
  passage: { ...number('passage'), ...text },
  reading: { ...words, ...text },
  target: { ...number('target'), ...text },
  unit: { ...number('unit'), ...text },
  state: { ...oneOf(STATES), ...text },
  property: { ...oneOf(PROPERTIES.map(({ id }) => id)), ...text },
  prompt: { ...words, ...text },
  temperature: { ...number('temperature'), ...text },
};

/** `?hidden=64&seed=7`: the values that differ from the defaults. */
export function toQuery(state: State): string {
  const query = new URLSearchParams();
  const defaults = DEFAULTS[state.subject];
  if (state.subject !== 'digits') query.set('subject', state.subject);
  if (state.backend !== defaults.backend) query.set(...choiceInLink(state.backend));
  for (const name of Object.keys(FIELDS) as (keyof typeof FIELDS)[]) {
    const value = state[name];
    if (value === defaults[name] || value === null || (Array.isArray(value) && value.length === 0)) continue;
    query.set(
      name,
      typeof value === 'object' ? value.map(({ step, rate }) => `${step}:${rate}`).join(',') : String(value),
    );
  }
  const text = query.toString();
  return text ? `?${text.replace(/%3A/g, ':').replace(/%2C/g, ',')}` : '';
}

/** The inverse of `toQuery`. Missing values take their defaults, and so do those that `onFault` gets a sentence about. */
export function fromQuery(text: string, onFault: (fault: string) => void = () => {}): State {
  const link = new LinkReader(text, onFault);
  const known = oneOf([...SUBJECTS, 'series']);
  const read = link.read('subject', known);
  const subject = SUBJECTS.find((one) => one === read) ?? 'digits';
  const backend = backendOf(link) ?? DEFAULTS[subject].backend;
  const fields = Object.entries(FIELDS).map(([name, field]) => [name, link.read(name, fieldOf(name, field, subject))]);
  link.end();
  const values = Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as Partial<State>;
  return { ...DEFAULTS[subject], backend, ...values };
}

/** The field for this subject, which may not have it. */
function fieldOf(name: string, field: StateField, subject: Subject): LinkField<unknown> {
  if (name === 'experiment') return oneOf(EXPERIMENTS.filter((one) => one.subject === subject).map(({ id }) => id));
  if (field.subject === undefined || field.subject === subject) return field;
  return {
    valueOf: () => undefined,
    rule: `only ${field.subject === 'text' ? 'a text has it: add subject=text' : 'the digits have it'}`,
  };
}

/** The choice of a link; of several, the first. */
function backendOf(link: LinkReader): BackendChoice | undefined {
  let first: readonly [name: string, choice: BackendChoice] | undefined;
  for (const [name, choices] of LINK_CHOICES) {
    const word = link.read(name, oneOf([...choices.keys()])) ?? '';
    const choice = choices.get(word);
    if (choice === undefined) continue;
    if (first) link.refuse(name, word, `${first[0]} is there too, and counts`);
    first ??= [name, choice];
  }
  return first?.[1];
}

/** The part of an address after which the chosen experiment begins. */
export const START = 'start';

/** The page with this experiment, which then begins; the threads stay those of the visitor. */
export const linkTo = ({ id, subject }: Experiment, { threads }: Pick<Settings, 'threads'>): string =>
  `${toQuery({ ...DEFAULTS[subject], threads, experiment: id })}#${START}`;
