/**
 * Messages between the benchmark and a candidate's process: requests and answers take turns, each one JSON object.
 * Arrays travel as f32 in base64, row by row.
 */
import type { Arrays, BenchmarkTask } from '../tasks.js';
import type { Session } from './session.js';

export type Request =
  | { readonly ask: 'prepare'; readonly task: BenchmarkTask; readonly inputs: EncodedArrays }
  | { readonly ask: 'warmUp' | 'turn'; readonly ms: number }
  | { readonly ask: 'release' };

/** The first answer, `hello`, comes without a request when the program has been loaded. */
export interface Answers {
  readonly hello: { readonly version: string; readonly description: string; readonly engine: string };
  readonly prepare: { readonly outputs: EncodedArrays };
  /** The time of the fastest run. */
  readonly warmUp: { readonly ms: number };
  readonly turn: { readonly times: readonly number[] };
  /** The most that the process has used; null if it cannot be known, as in a page. */
  readonly release: { readonly memoryMiB: number | null };
}

export interface Started {
  readonly process: CandidateProcess;
  readonly hello: Answers['hello'];
}

/** A running candidate: an operating system's process, or a page, which has a process of its own too. */
export interface CandidateProcess {
  ask<Ask extends Request['ask']>(request: Request & { ask: Ask }): Promise<Answers[Ask]>;
  close(): void;
}

/** In place of an answer: why the candidate is left out, or how it failed. */
export interface Failure {
  readonly failure: string;
}

/** The candidate's side, for processes and pages. */
export async function answer(
  session: Session,
  request: Request,
  memoryMiB: () => number | null,
): Promise<Answers[keyof Answers]> {
  switch (request.ask) {
    case 'prepare':
      return { outputs: encode(await session.prepare(request.task, decode(request.inputs))) };
    case 'warmUp':
      return { ms: await session.warmUp(request.ms) };
    case 'turn':
      return { times: await session.turn(request.ms) };
    case 'release':
      await session.release();
      return { memoryMiB: memoryMiB() };
  }
}

/** Arrays by name: f32 in base64. */
export type EncodedArrays = Record<string, string>;

export function encode(arrays: Arrays): EncodedArrays {
  const encoded: EncodedArrays = {};
  for (const [name, { buffer, byteOffset, byteLength }] of Object.entries(arrays))
    encoded[name] = textOf(new Uint8Array(buffer, byteOffset, byteLength));
  return encoded;
}

export function decode(encoded: EncodedArrays): Arrays {
  const arrays: Arrays = {};
  for (const [name, text] of Object.entries(encoded)) arrays[name] = new Float32Array(bytesOf(text).buffer);
  return arrays;
}

/** btoa and atob exist in Node too, but need seconds for the largest arrays. */
const isNode = typeof Buffer !== 'undefined';
/** The number of arguments of one call. */
const PART = 8192;

function textOf(bytes: Uint8Array): string {
  if (isNode) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  let characters = '';
  for (let n = 0; n < bytes.length; n += PART) characters += String.fromCharCode(...bytes.subarray(n, n + PART));
  return btoa(characters);
}

/** In a buffer of their own, so that they are aligned for f32. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  if (isNode) return Uint8Array.from(Buffer.from(text, 'base64'));
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = characters.charCodeAt(n);
  return bytes;
}
