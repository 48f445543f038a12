/**
 * What the device reaches at most: multiply-adds in registers, and a copy that no cache holds. A roofline has one limit of each kind. In a
 * Web Worker, which the page ends if the driver hangs.
 */
import { measurePeak } from '../../measure/peak.js';
import { type Device, LIMITS } from '../../measure/result.js';

export type LimitRequest =
  | { readonly limit: 'peak' }
  | { readonly limit: 'copy'; readonly bytes: number }
  | { readonly limit: 'webgpu' | 'device' };

export interface LimitAnswers {
  readonly peak: { readonly gflops: number };
  readonly copy: { readonly gigabytes: number };
  readonly webgpu: { readonly gflops: number; readonly gigabytes: number };
  readonly device: Device;
}

export function limitOf(request: LimitRequest): Promise<LimitAnswers[LimitRequest['limit']]> {
  switch (request.limit) {
    case 'peak':
      return peakOfThread();
    case 'copy':
      return Promise.resolve({ gigabytes: copySpeed(request.bytes) });
    case 'webgpu':
      return webgpuLimits();
    case 'device':
      return describeDevice();
  }
}

// WebAssembly, one thread.

const binary = async (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await fetch(new URL(`peak/${name}.wasm`, location.href))).arrayBuffer());

async function peakOfThread(): Promise<LimitAnswers['peak']> {
  const { portable, fused = 0 } = await measurePeak({
    portable: await binary('portable'),
    relaxed: await binary('relaxed'),
  });
  return { gflops: Math.max(portable, fused) };
}

const TRIES = 5;

/** `set` copies with the processor's widest loads. In 10⁹ bytes per second, read and written. */
function copySpeed(bytes: number): number {
  const [from, to] = [new Float64Array(bytes / 8).fill(1), new Float64Array(bytes / 8)];
  let best = Infinity;
  for (let n = 0; n < TRIES; n++) {
    const start = performance.now();
    to.set(from);
    best = Math.min(best, performance.now() - start);
  }
  if (to[to.length - 1] !== 1) throw new Error('the copy is not what was copied');
  return (2 * bytes) / best / 1e6;
}

// WebGPU.

/** A run this long hides what it costs to submit it. */
const LONG_MS = 15;
const MOST_TURNS = 2 ** 20;

const THREADS = 2 ** 18;
/** Eight sums of four numbers, which do not wait for each other. */
const SUMS = Array.from({ length: 8 }, (_, n) => `sum${n}`);
const MULTIPLY_ADD = `
  @group(0) @binding(0) var<storage, read_write> out: array<vec4f>;
  @group(0) @binding(1) var<storage, read> given: array<u32>; // turns, and 1: the compiler knows neither
  @compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u) {
    let factor = vec4f(f32(given[1]));
    ${SUMS.map((sum) => `var ${sum} = vec4f(0);`).join(' ')}
    for (var turn = 0u; turn < given[0]; turn++) { ${SUMS.map((sum) => `${sum} = fma(${sum}, factor, factor);`).join(' ')} }
    out[id.x] = ${SUMS.join(' + ')};
  }`;

/** 64 MiB: more than the caches of most GPUs, and within every adapter's limits. */
const COPIED = 2 ** 26;
const COPY = `
  @group(0) @binding(0) var<storage, read_write> copied: array<vec4f>;
  @group(0) @binding(1) var<storage, read> original: array<vec4f>;
  @compute @workgroup_size(256) fn main(@builtin(global_invocation_id) id: vec3u) { copied[id.x] = original[id.x]; }`;

async function webgpuLimits(): Promise<LimitAnswers['webgpu']> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no adapter');
  const device = await adapter.requestDevice();
  try {
    return { gflops: await multiplyAddSpeed(device), gigabytes: await webgpuCopySpeed(device) };
  } finally {
    device.destroy();
  }
}

async function multiplyAddSpeed(device: GPUDevice): Promise<number> {
  const [out, given] = [bufferOf(device, 16 * THREADS), bufferOf(device, 8)];
  const run = await kernelOf(device, MULTIPLY_ADD, [out, given], THREADS / 256);
  const timed = async (turns: number): Promise<number> => {
    device.queue.writeBuffer(given, 0, new Uint32Array([turns, 1]));
    return run(1);
  };
  const { turns, ms } = await longEnough(timed);
  const sum = await firstOf(device, out);
  if (sum !== SUMS.length * turns) throw new Error(`${SUMS.length} × ${turns} additions of 1 gave ${sum}`);
  return (2 * 4 * SUMS.length * turns * THREADS) / ms / 1e6;
}

async function webgpuCopySpeed(device: GPUDevice): Promise<number> {
  const [to, from] = [bufferOf(device, COPIED), bufferOf(device, COPIED)];
  device.queue.writeBuffer(from, 0, new Float32Array([1]));
  const { turns, ms } = await longEnough(await kernelOf(device, COPY, [to, from], COPIED / 16 / 256));
  if ((await firstOf(device, to)) !== 1) throw new Error('the copy is not what was copied');
  return (2 * COPIED * turns) / ms / 1e6;
}

/** Doubles the number of turns until they take long enough, then returns the best of three runs. */
async function longEnough(timed: (turns: number) => Promise<number>): Promise<{ turns: number; ms: number }> {
  let turns = 1;
  await timed(turns); // compiles
  while (turns < MOST_TURNS && (await timed(turns)) < LONG_MS) turns *= 2;
  const times = [await timed(turns), await timed(turns), await timed(turns)];
  return { turns, ms: Math.min(...times) };
}

const bufferOf = (device: GPUDevice, size: number): GPUBuffer =>
  device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });

/** Returns a function that runs the kernel `times` times and resolves to the milliseconds. */
async function kernelOf(device: GPUDevice, code: string, buffers: readonly GPUBuffer[], workgroups: number) {
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return async (times: number): Promise<number> => {
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let n = 0; n < times; n++) pass.dispatchWorkgroups(workgroups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - start;
  };
}

async function firstOf(device: GPUDevice, buffer: GPUBuffer): Promise<number> {
  const read = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, read, 0, 4);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  return new Float32Array(read.getMappedRange())[0];
}

// What the device is.

async function describeDevice(): Promise<Device> {
  return {
    browser: browserOf(navigator.userAgent),
    threads: crossOriginIsolated ? navigator.hardwareConcurrency : 1,
    isIsolated: crossOriginIsolated,
    hasRelaxedSimd: WebAssembly.validate(await binary('relaxed')),
    webgpu: await describeAdapter(),
    webgl: rendererOfWebGl(),
  };
}

/** The last names of a user agent are the browser’s: `Firefox/140.0`, `Version/18.4 Safari/605.1`, `Chrome/140.0.0.0 Safari/537.36 Edg/140.0`. */
function browserOf(agent: string): string {
  const system = /\(([^)]*)\)/.exec(agent)?.[1] ?? 'unknown system';
  const found = ['Edg', 'OPR', 'Firefox', 'HeadlessChrome', 'Chrome', 'Version'].map(
    (name) => RegExp(`\\b${name}/[\\d.]+`).exec(agent)?.[0],
  );
  return `${found.find((one) => one !== undefined)?.replace('Version', 'Safari') ?? 'unknown browser'}, ${system}`;
}

async function describeAdapter(): Promise<Device['webgpu']> {
  const gpu = navigator.gpu as GPU | undefined; // missing in some browsers
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) return null;
  const { vendor, architecture, device, description } = adapter.info;
  const parts = [vendor, architecture, device, description].filter((part) => part !== '');
  const limits = adapter.limits as unknown as Record<string, number>;
  return {
    name: parts.join(', ') || 'not named by the browser',
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(LIMITS.map((name) => [name, limits[name]])),
  };
}

function rendererOfWebGl(): string | null {
  if (typeof OffscreenCanvas === 'undefined') return null;
  const context = new OffscreenCanvas(1, 1).getContext('webgl2');
  const names = context?.getExtension('WEBGL_debug_renderer_info');
  if (!context) return null;
  return String(context.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
}
