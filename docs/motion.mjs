// @ts-check
/**
 * Simulated measurements of a phone in the pocket of people who stand, walk, cycle and run: 50 times a second the acceleration along its
 * three axes, in g. The same numbers on every computer: `node motion.mjs > motion.csv`. `longhand train --classify activity` learns from it.
 *
 * A phone measures gravity, in a direction that depends on how it lies in the pocket, and the movement of the leg. That of an activity is a
 * wave with overtones. Each person has an own cadence, strength and gait; each wave begins at an own phase, drifts, and has noise. How
 * strong the movement is says little, because a person who walks hard moves as much as one who runs lightly: the shape of the wave says more.
 */
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const PER_SECOND = 50;

/**
 * The steps a second, the strength in g, and the overtones. @typedef {{ cadence: readonly [least: number, most: number],
 *   strength: readonly [least: number, most: number], overtones: readonly number[] }} Activity
 */

/** @type {Readonly<Record<string, Activity>>} */
const ACTIVITIES = {
  cycling: { cadence: [0.9, 1.3], strength: [0.15, 0.5], overtones: [1, 0.12, 0.05] },
  running: { cadence: [2.5, 3.1], strength: [0.5, 1.2], overtones: [1, 0.5, 0.2, 0.1] },
  standing: { cadence: [0.2, 0.4], strength: [0.02, 0.05], overtones: [1] },
  walking: { cadence: [1.6, 2.1], strength: [0.15, 0.5], overtones: [1, 1, 0.6, 0.3] },
};

/** Numbers between 0 and 1 from a seed: mulberry32. @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The lines of the table: person, time in seconds, the acceleration along the three axes, and the activity.
 * @param {{ persons?: number, bouts?: number, seconds?: number, seed?: number }} [choices] `bouts`: how often a person begins each activity.
 *   `seconds`: the mean length of a bout
 * @returns {Generator<string>}
 */
export function* motion({ persons = 40, bouts = 2, seconds = 10, seed = 2 } = {}) {
  const random = generator(seed);
  /** @param {number} least @param {number} most */
  const between = (least, most) => least + (most - least) * random();
  const noise = () => between(-1, 1) + between(-1, 1) + between(-1, 1); // a variance of 1
  yield 'person,time,ax,ay,az,activity';
  for (let n = 1; n <= persons; n++) {
    const vigour = random();
    const gait = Object.fromEntries(
      Object.entries(ACTIVITIES).map(([name, { cadence, strength, overtones }]) => [
        name,
        {
          cadence: between(...cadence),
          strength: strength[0] + (strength[1] - strength[0]) * (0.7 * vigour + 0.3 * random()),
          waves: overtones.map((size) => ({
            size: size * between(0.8, 1.2),
            phase: between(0, 0.15),
            axes: direction(between),
          })),
        },
      ]),
    );
    const plan = Object.keys(ACTIVITIES).flatMap((name) => Array.from({ length: bouts }, () => name));
    for (let last = plan.length - 1; last > 0; last--) {
      const chosen = Math.floor(between(0, last + 1));
      [plan[last], plan[chosen]] = [plan[chosen], plan[last]];
    }
    /** The acceleration of gravity, whose direction changes when the phone moves in the pocket. */
    let gravity = direction(between);
    let [row, phase, strength] = [0, random(), 0];
    for (const activity of plan) {
      const { cadence, strength: full, waves } = gait[activity];
      const rows = Math.round(PER_SECOND * seconds * between(0.5, 1.5));
      const next = direction(between);
      const before = gravity;
      const pace = cadence * between(0.95, 1.05);
      for (let r = 0; r < rows; r++, row++) {
        const share = Math.min(1, r / PER_SECOND); // one second from one activity to the next
        gravity = before.map((value, axis) => value + share * (next[axis] - value));
        strength += (full - strength) / (PER_SECOND / 4);
        phase += (pace * (1 + 0.05 * noise())) / PER_SECOND;
        const [ax, ay, az] = gravity.map((value, axis) => {
          const moved = waves.reduce(
            (sum, { size, phase: shift, axes }, k) =>
              sum + size * axes[axis] * Math.sin(2 * Math.PI * ((k + 1) * phase + shift)),
            0,
          );
          return value + strength * moved + 0.03 * noise();
        });
        yield [
          `p${String(n).padStart(2, '0')}`,
          (row / PER_SECOND).toFixed(2),
          ax.toFixed(3),
          ay.toFixed(3),
          az.toFixed(3),
          activity,
        ].join(',');
      }
    }
  }
}

/** A vector of length 1 that points down more or less. @param {(least: number, most: number) => number} between */
function direction(between) {
  const vector = [between(-0.6, 0.6), -1, between(-0.6, 0.6)];
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const line of motion()) process.stdout.write(`${line}\n`);
}
