/** Every program of docs/your-own.md runs, and learns what its output claims. */
import { testPrograms } from '../../helpers/your-own.js';

testPrograms([0, 1, 2, 3]); // test/docs/your-own.test.ts runs the last one
