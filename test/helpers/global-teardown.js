/** Ends what global-setup.js has started. */
export default async function endAll() {
  globalThis.longhandDisplay?.kill();
  await globalThis.longhandShared?.end();
}
