/** The hidden units of all layers, sorted by how well their c or h separates a property of a text. In the worker. */
import type { View } from '../settings.js';
import { STATES } from '../settings.js';
import type { TextInspector } from './inspect-text.js';
import { mostCharacters } from './inspect-text.js';
import type { RankedUnit } from './separation.js';
import type { TextModel } from './text-model.js';

/** A unit of a layer. */
export interface RankedState extends RankedUnit, Pick<View, 'state'> {
  /** 0 for the lowest. */
  readonly layer: number;
}

/** The units that separate a property best. */
export interface UnitRanking {
  /** Those that separate best first; at most 12. Empty if fewer than 5 characters have the property, or have it not. */
  readonly units: readonly RankedState[];
  /** Characters that were read, and those of them that have the property. */
  readonly read: number;
  readonly found: number;
  /** Training steps that the network has made. */
  readonly step: number;
}

const MOST_UNITS = 12;
/** With fewer characters on one side, many units separate them by chance. */
const LEAST_FOUND = 5;

/** Reads the text from a zero state. Rejects with the errors of `TextInspector.rank`. */
export async function rankUnits(
  inspector: TextInspector,
  model: TextModel,
  text: string,
  property: string,
): Promise<Omit<UnitRanking, 'step'>> {
  const all: RankedState[] = [];
  const read = Math.min(Array.from(text).length, mostCharacters(model.network));
  let found = 0;
  for (const layer of model.network.layers.keys()) {
    for (const state of STATES) {
      const ranking = await inspector.rank(model, text, property, state, layer);
      found = Math.round(ranking.share * read);
      all.push(...ranking.units.map((unit) => ({ ...unit, state, layer })));
    }
  }
  if (Math.min(found, read - found) < LEAST_FOUND) return { units: [], read, found };
  const strength = ({ auc }: RankedState): number => Math.abs(auc - 0.5);
  const units = all.filter(({ auc }) => !Number.isNaN(auc)).sort((a, b) => strength(b) - strength(a));
  return { units: units.slice(0, MOST_UNITS), read, found };
}
