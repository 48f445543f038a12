/** Node 20 has relaxed SIMD behind a flag: with it, the relaxed build is tested there too. */
import { setFlagsFromString } from 'node:v8';

if (Number.parseInt(process.versions.node) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
