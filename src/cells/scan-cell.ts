/** Makes a cell whose state is a scan: its gates read only x. */
import type { Backend } from '../core/backend.js';
import { recurrenceBackward, recurrenceForward } from '../equations/recurrence.js';
import type { Block, Scan } from '../equations/scan-blocks.js';
import { bindScan } from '../equations/scan-blocks.js';
import type { Cell } from './cell.js';
import { boundCell, stateShapesOf } from './cell.js';

/** A cell with one state, h, and one block of H columns of the kernel and of the bias for each gate. */
export interface ScanCell extends Pick<Cell, 'name' | 'gates' | 'operations' | 'setChrono'> {
  /** The equations of a block of steps: its states from the state before and the inputs. */
  blockForward(backend: Backend, scan: Scan, block: Block): void;
  /** From the gradients of the states: adds to those of the state before, of the inputs and of the parameters. */
  blockBackward(backend: Backend, scan: Scan, block: Block): void;
}

/** The cell of these equations. */
export function scanCell(given: ScanCell): Cell {
  const stateWidths: Cell['stateWidths'] = ({ H }) => ({ h: H });
  const count = given.gates.length;
  const { name, gates: names, operations, setChrono } = given;
  const cell: Cell = {
    ...{ name, gates: names, operations },
    ...(setChrono && { setChrono }),
    biases: ['bias'],
    hasFactors: true,
    stateWidths,
    parameterShapes: ({ I, H }) => ({ kernel: [I, count * H], bias: [count * H] }),
    activationShapes: (sizes) => {
      const gates = [sizes.T, sizes.B, count * sizes.H];
      return { ...stateShapesOf({ stateWidths }, sizes), gates, dz: gates };
    },
    bind(parts) {
      const { h, dh, gates, dz, dhUpstream } = parts.activations;
      const tensors = { states: { h }, dStates: { h: dh }, dUpstream: { h: dhUpstream }, others: { gates, dz } };
      const scan = bindScan({ ...parts, ...tensors });
      return boundCell(cell, parts, {
        forward: (backend) =>
          recurrenceForward(backend, scan, (on, all: Scan, block: Block) => given.blockForward(on, all, block)),
        backward: (backend, options) =>
          recurrenceBackward(
            backend,
            scan,
            (on, all: Scan, block: Block) => given.blockBackward(on, all, block),
            options,
          ),
        setLengths: (lengths) => scan.setLengths(lengths),
      });
    },
  };
  return cell;
}
