export function createGpuBackend(_o: unknown): never { throw new Error('todo'); }
