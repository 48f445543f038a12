/** minGRU: src/equations/mingru.ts has its equations. */
import { minGruBlockBackward, minGruBlockForward } from '../equations/mingru.js';
import { scanCell } from './scan-cell.js';

export const mingru = scanCell({
  name: 'mingru',
  gates: ['u', 'j'],
  operations: ['minGruForward', 'minGruBackward'],
  blockForward: minGruBlockForward,
  blockBackward: minGruBlockBackward,
  // 1-u = k/(1+k), if the pre-activation is only the bias
  setChrono: ({ bias }, n, _, logarithm) => bias.set(n, -logarithm),
});
