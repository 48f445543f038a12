/** The compiler of TypeScript as a file of its own, which both programs of the command line load. */
export { transform } from 'sucrase';
