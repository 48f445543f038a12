/** The list of GPU modes, in a file that imports nothing: the command line and the page read it without loading GPU.js. */

/** The modes of GPU.js that a backend can run in, from best to worst: the order in which `auto` tries them. */
export const MODES = ['webgpu', 'webgl2', 'headlessgl', 'webasm', 'cpu'] as const;
/** A mode of GPU.js; docs/backends.md describes where each runs and what it needs. */
export type Mode = (typeof MODES)[number];
