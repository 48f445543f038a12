/** Prints which Node runs this, and the peak of one of its threads. */
import { compilePeak } from './assemblyscript.js';
import { measurePeak } from './peak.js';

console.log(JSON.stringify({ engine: `Node ${process.versions.node}`, peak: await measurePeak(await compilePeak()) }));
