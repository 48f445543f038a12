/** In Node 20 relaxed SIMD needs a flag. With it, the relaxed build is tested there too. */
import { setFlagsFromString } from 'node:v8';

if (Number.parseInt(process.versions.node) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
