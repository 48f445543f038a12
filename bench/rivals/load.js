/** Imports a package of this folder's node_modules, whatever its module format. */
export const load = (name) => import(name);
