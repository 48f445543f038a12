/** `npm run build`: builds the parts whose inputs or outputs have changed since the last build. */
import { bringUpToDate, withLock } from './part.mjs';
import { generated, rest } from './parts.mjs';

try {
  await withLock(async () => {
    for (const part of generated) await bringUpToDate(part);
    const results = await Promise.allSettled(rest.map(bringUpToDate)); // each ends, also if another fails
    for (const { status, reason } of results) if (status === 'rejected') report(reason);
  });
} catch (error) {
  report(error);
}

function report(error) {
  console.error(`build: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
