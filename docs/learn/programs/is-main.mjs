/**
 * Whether Node was started with the module of this URL. It stands for an import of `node:url`, so the browser can load the programs that
 * use it.
 *
 * @param {string} url
 */
export function isMain(url) {
  const { argv, getBuiltinModule } = globalThis.process ?? {};
  return getBuiltinModule !== undefined && getBuiltinModule('node:url').fileURLToPath(url) === argv[1];
}
