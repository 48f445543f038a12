/** The page's address: a link that repeats a run, and what of it was not understood. */
import { counted, describe, similarName } from '../core/arguments.js';
import { type BackendChoice, type Subject, SUBJECTS } from './common.js';
import { type Experiment, EXPERIMENTS } from './experiments.js';
import { type FieldName, type Reading, type Settings, type View, DEFAULTS, FIELDS, oneOf } from './settings.js';

/** Reads the fields of an address. Each text that is not understood is reported in a sentence, once. */
class LinkReader {
  private readonly query: URLSearchParams;
  private readonly known: string[] = [];

  constructor(
    text: string,
    private readonly onFault: (fault: string) => void,
  ) {
    this.query = new URLSearchParams(text);
  }

  /** The value of a field; undefined if the address does not have it, or if its text is not understood. */
  read<Value>(name: string, { valueOf, rule }: Reading<Value>): Value | undefined {
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

type State = Settings & View;
const NAMES = Object.keys(FIELDS) as FieldName[];

/** The choices that a link says after `compute=`, and those after `backend=`. */
const COMPUTE = { cores: 'wasm', gpu: 'gpu', automatic: 'automatic' } as const;
const BACKENDS = { wasm: 'wasm', webgpu: 'webgpu', webgl2: 'webgl2', reference: 'reference' } as const;

/** The names that the choice has in a link, the first before the others. Older links say `machine=`. */
const BACKEND_NAMES: readonly (readonly [name: string, choices: Readonly<Record<string, BackendChoice>>])[] = [
  ['compute', COMPUTE],
  ['backend', BACKENDS],
  ['machine', BACKENDS],
];

/** The parameter of a link, and its value. */
function choiceInLink(choice: BackendChoice): readonly [string, string] {
  const [word] = Object.entries(COMPUTE).find(([, one]) => one === choice) ?? [];
  return word === undefined ? ['backend', choice] : ['compute', word];
}

/** `?hidden=64&seed=7`: the values that differ from the defaults. */
export function toQuery(state: State): string {
  const query = new URLSearchParams();
  const defaults = DEFAULTS[state.subject];
  if (state.subject !== 'digits') query.set('subject', state.subject);
  for (const name of NAMES) {
    const value = state[name];
    if (value === defaults[name] || value === null || (Array.isArray(value) && value.length === 0)) continue;
    const text = typeof value === 'object' ? value.map(({ step, rate }) => `${step}:${rate}`).join(',') : String(value);
    query.set(...(name === 'backend' ? choiceInLink(state.backend) : ([name, text] as const)));
  }
  const text = query.toString();
  return text ? `?${text.replace(/%3A/g, ':').replace(/%2C/g, ',')}` : '';
}

/** The inverse of `toQuery`. Missing values take their defaults, and so do those that `onFault` gets a sentence about. */
export function fromQuery(text: string, onFault: (fault: string) => void = () => {}): State {
  const link = new LinkReader(text, onFault);
  const subject = link.read('subject', oneOf(SUBJECTS)) ?? 'digits';
  const fields = NAMES.map((name) => [
    name,
    name === 'backend' ? backendOf(link) : link.read(name, readingOf(name, subject)),
  ]);
  link.end();
  const values = Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as Partial<State>;
  return { ...DEFAULTS[subject], ...values };
}

/** How a field of this subject is read. The subject may not have it. */
function readingOf(name: FieldName, subject: Subject): Reading<unknown> {
  if (name === 'experiment') return oneOf(EXPERIMENTS.filter((one) => one.subject === subject).map(({ id }) => id));
  const field = FIELDS[name];
  if (field.subject === undefined || field.subject === subject) return field;
  return {
    valueOf: () => undefined,
    rule: `only ${field.subject === 'text' ? 'a text has it: add subject=text' : 'the digits have it'}`,
  };
}

/** The choice of a link; of several, the first. */
function backendOf(link: LinkReader): BackendChoice | undefined {
  let first: readonly [name: string, choice: BackendChoice] | undefined;
  for (const [name, choices] of BACKEND_NAMES) {
    const word = link.read(name, oneOf(Object.keys(choices)));
    if (word === undefined) continue;
    const choice = choices[word];
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
