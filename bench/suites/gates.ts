/** The pointwise part of one LSTM step, equations (2)–(4) and (4′)–(2′). */
import type { CellTask } from '../tasks.js';
import type { Case, Suite } from './suite.js';
import { extentsOf } from './suite.js';

const DIRECTIONS = { forward: 'cellForward', backward: 'cellBackward' } as const;

function casesOf(B: number, H: number): Case[] {
  return Object.entries(DIRECTIONS).map(([direction, kind]) => ({
    name: `${direction} B ${B} H ${H}`,
    task: { kind, B, H } satisfies CellTask,
  }));
}

export const gates: Suite = {
  name: 'gates',
  title: 'The gates of one step: the pointwise work',
  usesNewProcesses: false,
  cases({ isQuick, sizes }) {
    if (sizes.length === 0) return isQuick ? casesOf(8, 24) : casesOf(128, 128);
    return sizes.flatMap((size) => {
      const [B, H] = extentsOf(size, ['B', 'H']);
      return casesOf(B, H);
    });
  },
};
