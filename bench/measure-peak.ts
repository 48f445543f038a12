/** Prints the peak of one thread of the Node that runs this. */
import { compilePeak, measurePeak } from './peak.js';

console.log(JSON.stringify(await measurePeak(await compilePeak())));
