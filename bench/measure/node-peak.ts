/** Prints the version of this Node and the peak of one thread, as JSON. */
import { enableRelaxedSimd } from '../../kernels/wasm/relaxed-in-node.js';
import { compilePeak } from '../assemblyscript.js';
import { measurePeak } from './peak.js';

enableRelaxedSimd();
console.log(JSON.stringify({ engine: `Node ${process.versions.node}`, peak: await measurePeak(await compilePeak()) }));
