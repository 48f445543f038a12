/** The hidden units of all layers, sorted by how well their c or h separates a property of a text. In the worker. */
import type { View } from '../settings.js';
import { STATES } from '../settings.js';
import type { TextInspector } from './inspect-text.js';
import type { RankedUnit } from './separation.js';
import type { TextModel } from './text-model.js';

/** A unit of a layer. */
export interface RankedState extends RankedUnit, Pick<View, 'state'> {
  /** 0 for the lowest. */
  readonly layer: number;
}

/** The units that separate a property best. */
export interface UnitRanking {
  /** Those that separate best first; at most 24. Empty if the property holds nowhere, or everywhere. */
  readonly units: readonly RankedState[];
  /** Share (0 … 1) of the characters that have the property. */
  readonly share: number;
}

const MOST_UNITS = 24;

/** Reads the text from a zero state. Rejects with the errors of `TextInspector.rank`. */
export async function rankUnits(
  inspector: TextInspector,
  model: TextModel,
  text: string,
  property: string,
): Promise<UnitRanking> {
  const all: RankedState[] = [];
  let share = 0;
  for (const layer of model.network.layers.keys()) {
    for (const state of STATES) {
      const ranking = await inspector.rank(model, text, property, state, layer);
      ({ share } = ranking);
      all.push(...ranking.units.map((unit) => ({ ...unit, state, layer })));
    }
  }
  const strength = ({ auc }: RankedState): number => Math.abs(auc - 0.5);
  const units = all.filter(({ auc }) => !Number.isNaN(auc)).sort((a, b) => strength(b) - strength(a));
  return { units: units.slice(0, MOST_UNITS), share };
}
