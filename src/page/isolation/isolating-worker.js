/** A service worker that adds the headers of cross-origin isolation to every file of the page. It stores nothing. */
addEventListener('install', () => skipWaiting());

addEventListener('fetch', (event) => event.respondWith(isolated(event.request)));

async function isolated(request) {
  const response = await fetch(request);
  if (response.status === 0) return response; // of another origin, or a redirection that the browser follows
  const headers = new Headers(response.headers);
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-embedder-policy', 'require-corp');
  headers.set('cross-origin-resource-policy', 'same-origin');
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
