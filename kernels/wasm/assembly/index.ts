/** The module's entry: the function for each kind of job, the start of a job, and the loop of a helper thread. */
import { lstmCellBackwardChunk, lstmCellForwardChunk } from './cell';
import { gruCellBackwardChunk, gruCellForwardChunk, tanhBackwardChunk, tanhForwardChunk } from './cells';
import { Kind } from './jobs';
import {
  crossEntropyBackwardChunk, crossEntropyForwardChunk, errorBackwardChunk, errorForwardChunk,
} from './loss';
import { matmulChunk, packChunk, SCRATCH_BYTES, setScratch, setWide } from './matmul';
import { peepholeCellBackwardChunk, peepholeCellForwardChunk } from './peephole';
import { adamChunk, addChunk, copyChunk, fillChunk, multiplyChunk, sgdChunk } from './pointwise';
import { columnSumsChunk, embeddingForwardChunk, embeddingBackwardChunk } from './rows';
import { minGruBackwardChunk, minGruForwardChunk, minLstmBackwardChunk, minLstmForwardChunk } from './scan';
import { slstmCellBackwardChunk, slstmCellForwardChunk } from './slstm';
import { allFinished, awaitJob, claim, finishChunk, generation, kindOfJob, publish, setThread } from './threads';

export { SCRATCH_BYTES, setScratch, setThread, setWide, allFinished };

// Exported so that the compiler keeps them as separate functions: inlined, the inner loops run at half the speed. V8 may still inline
// those that are small, within a budget of its own (--wasm-inlining-max-size, --wasm-inlining-budget). In the loops over rows
// two vectors lie side by side, and V8 can merge them; test/kernels/merging.test.ts checks that it does.
export { adamRow, multiplyRow, sgdRow } from './pointwise';
export { addFourRows, addRow } from './rows';
export { divideRow, expRow } from './loss';
export { gatesBackwardRow, sigmoidRow, stateBackwardRow, stateRow, tanhRow } from './cell';
export { gruGatesBackwardRow, gruNewBackwardRow, gruStateRow, sigmoidOfSumRow, tanhBackwardRow } from './cells';
export { keepRow, outputBackwardRow, peepholeBackwardRow, peepholeRow, showRow } from './peephole';
export {
  minGruBackwardRow, minGruRow, minLstmGatesBackwardRow, minLstmRaiseRow, minLstmRow, minLstmScanBackwardRow,
} from './scan';
export { keptBackwardRow, meanBackwardRow, meanRow, weightBackwardRow, weightRow } from './slstm';
export { tile1x16, tile1x4, tile1x8, tile2x16, tile4x16, tile4x8, tile6x16, tile6x8, tile8x4 } from './matmul-inner-loops';

function execute(chunk: i32): void {
  switch (kindOfJob()) {
    case Kind.pack: packChunk(chunk); break;
    case Kind.matmul: matmulChunk(chunk); break;
    case Kind.lstmCellForward: lstmCellForwardChunk(chunk); break;
    case Kind.lstmCellBackward: lstmCellBackwardChunk(chunk); break;
    case Kind.tanhForward: tanhForwardChunk(chunk); break;
    case Kind.tanhBackward: tanhBackwardChunk(chunk); break;
    case Kind.gruCellForward: gruCellForwardChunk(chunk); break;
    case Kind.gruCellBackward: gruCellBackwardChunk(chunk); break;
    case Kind.peepholeCellForward: peepholeCellForwardChunk(chunk); break;
    case Kind.peepholeCellBackward: peepholeCellBackwardChunk(chunk); break;
    case Kind.minGruForward: minGruForwardChunk(chunk); break;
    case Kind.minGruBackward: minGruBackwardChunk(chunk); break;
    case Kind.minLstmForward: minLstmForwardChunk(chunk); break;
    case Kind.minLstmBackward: minLstmBackwardChunk(chunk); break;
    case Kind.slstmCellForward: slstmCellForwardChunk(chunk); break;
    case Kind.slstmCellBackward: slstmCellBackwardChunk(chunk); break;
    case Kind.columnSums: columnSumsChunk(chunk); break;
    case Kind.crossEntropyForward: crossEntropyForwardChunk(chunk); break;
    case Kind.crossEntropyBackward: crossEntropyBackwardChunk(chunk); break;
    case Kind.errorForward: errorForwardChunk(chunk); break;
    case Kind.errorBackward: errorBackwardChunk(chunk); break;
    case Kind.adam: adamChunk(chunk); break;
    case Kind.sgd: sgdChunk(chunk); break;
    case Kind.embeddingForward: embeddingForwardChunk(chunk); break;
    case Kind.embeddingBackward: embeddingBackwardChunk(chunk); break;
    case Kind.multiply: multiplyChunk(chunk); break;
    case Kind.add: addChunk(chunk); break;
    case Kind.fill: fillChunk(chunk); break;
    case Kind.copy: copyChunk(chunk); break;
    default: unreachable();
  }
}

function executeAll(): void {
  for (let chunk = claim(); chunk >= 0; chunk = claim()) {
    execute(chunk);
    finishChunk();
  }
}

/** Publishes the job whose fields are written, works on it, and waits for the other threads. False: see `allFinished`. */
export function run(kind: i32, chunks: i32): bool {
  publish(kind, chunks);
  executeAll();
  return allFinished(chunks);
}

/** The loop of a helper thread, until it is terminated. */
export function work(): void {
  while (true) {
    const seen = generation();
    executeAll();
    awaitJob(seen);
  }
}
