/** A page for each exercise. */
import { exercisePages } from '../.vitepress/exercise-pages.js';

export default { paths: exercisePages };
