/** A page for each exercise. */
import { exercisePages } from '../.vitepress/source-pages.js';

export default { paths: exercisePages };
