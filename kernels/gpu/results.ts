/** Turns what a launch returns into the textures or buffers that later kernels read. */
import type { GlTexture, GpuJs, Result, ResultRows, Stored, WebGpuBuffer } from './gpu-js.js';
import { flat, partsOf } from './layout.js';
import type { Program } from './program.js';

/**
 * The textures of a launch. Texels lie in a texture row after row. So a texture can be read as rows of another length than
 * the rows of threads that computed it; cell-tiles.ts uses this.
 */
export function adoptTextures(result: Result, { outputs, threads, results }: Program): Stored[] {
  const textures = (results.length === 1 ? [result] : Object.values(result)) as GlTexture[];
  const perOutput = outputs.flatMap((output) =>
    Array.from({ length: partsOf({ width: 4, tileRows: 4 }, output.layout) }, () => output),
  );
  for (const [n, texture] of textures.entries()) {
    const across = Math.ceil(perOutput[n].columns / 4);
    texture.output = [across, (threads[0] * threads[1]) / across];
    texture.dimensions = [...texture.output, 1];
  }
  return textures;
}

/** The buffer of a launch in webgpu mode, as single numbers: a kernel does not accept a buffer of arrays. */
export function adoptBuffer(result: Result, { threads, results }: Program): Stored[] {
  const buffer = result as WebGpuBuffer;
  if (results[0].length === 1) return [buffer];
  const View = buffer.constructor as new (settings: object) => WebGpuBuffer;
  const output = [threads[0] * results[0].length, threads[1]];
  const view = new View({ ...buffer, output, componentCount: 1 });
  buffer.delete?.(); // the view keeps the memory
  return [view];
}

/** The numbers of a launch in the modes that compute on the host. */
export function adoptNumbers({ input }: GpuJs, result: Result, { threads, results }: Program): Stored[] {
  return [input(flat(result as ResultRows), [threads[0] * results[0].length, threads[1]])];
}
