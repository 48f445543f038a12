/** The pages of the source files that the documents link to. */
import { sourcePages } from '../.vitepress/source-pages.js';

export default { paths: sourcePages };
