/** Serves the files of a site to the pages of a browser on this computer. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface File {
  readonly type: string;
  readonly contents: Uint8Array | string;
}

/** Files by their paths on the server. */
export type Site = ReadonlyMap<string, File>;

/** Without these headers a page has no shared memory, so no threads, and a coarse clock. */
const ISOLATING = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** Returns the address of the site's index.html. */
export async function serve(site: Site): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const file = site.get(request.url ?? '');
    response.writeHead(file ? 200 : 404, { ...ISOLATING, ...(file && { 'content-type': file.type }) });
    response.end(file?.contents);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/index.html`, close: () => server.close() };
}
