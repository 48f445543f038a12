/** Imports a package of this folder's node_modules, a CommonJS package or an ES module. */
export const load = (name) => import(name);
