/** A page for each exercise. */
import { exercisePages } from '../.vitepress/exercises.js';

export default { paths: exercisePages };
