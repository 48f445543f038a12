/** The `webgpu` backend in a page, which loads it only if it is chosen. */
import { createWebGpuBackend } from '../../kernels/webgpu/index.js';
import type { Backend, ChoiceStore } from '../core/backend.js';

/** What a GPU's backend has measured, kept in the browser for the next visit. It is a cache, because a worker has no localStorage. */
const BROWSER_STORE: ChoiceStore = {
  get: async (name) => (await caches.match(addressOf(name)))?.text(),
  set: async (name, value) => (await caches.open('longhand-measured')).put(addressOf(name), new Response(value)),
};

/** A cache has addresses for names. */
const addressOf = (name: string): string => `/${encodeURIComponent(name)}`;

export const createWebGpuInPage = (): Promise<Backend> => createWebGpuBackend({ store: BROWSER_STORE });
