/** Makes a cell from its shapes and the equations of one step; or, if its gates read only x so that its state is a scan, from those of a block. */
import type { Backend } from '../core/backend.js';
import type { Recurrence, StepRows } from '../equations/recurrence.js';
import {
  bindRecurrence,
  recurrenceBackward,
  recurrenceForward,
  setRecurrenceLengths,
} from '../equations/recurrence.js';
import { type Block, type Scan, bindScan } from '../equations/scan-blocks.js';
import { type Cell, type CellSizes, type Shapes, boundCell, stateShapesOf } from './cell.js';

/** A cell that computes one step after another. */
export interface StepCell<Name extends string = string> extends Omit<Cell, 'activationShapes' | 'bind'> {
  /** The shapes of what the equations need beside states, inputs and parameters: `[T,B,N]` if the backward pass reads every step's, `[B,N]` if a step overwrites it. */
  otherShapes(sizes: CellSizes): Shapes;
  /** The equations of one step: the states from the states before and the inputs. `step` has the views by name: see `StepRows`. */
  stepForward(backend: Backend, recurrence: Recurrence, step: StepRows<Name>): void;
  /** From the gradients of the states: adds to those of the states before, of the inputs and of the parameters. */
  stepBackward(backend: Backend, recurrence: Recurrence, step: StepRows<Name>): void;
}

/** The cell of these shapes and equations. */
export function stepCell<Name extends string>(equations: StepCell<Name>): Cell {
  const cell: Cell = {
    ...equations,
    activationShapes: (sizes) => ({ ...stateShapesOf(equations, sizes), ...equations.otherShapes(sizes) }),
    bind(parts) {
      const { activations, sizes } = parts;
      const bound = boundCell(cell, parts, {
        forward: (backend) =>
          recurrenceForward<Recurrence, Name>(backend, recurrence, (...step) => equations.stepForward(...step)),
        backward: (backend, options) =>
          recurrenceBackward<Recurrence, Name>(
            backend,
            recurrence,
            (...step) => equations.stepBackward(...step),
            options,
          ),
        setLengths: (lengths) => setRecurrenceLengths(recurrence, lengths),
      });
      const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, activations[name]]));
      const recurrence = bindRecurrence({
        ...parts,
        states: pick(Object.keys(bound.dStates)),
        dStates: bound.dStates,
        dUpstream: bound.dUpstream,
        others: pick(Object.keys(equations.otherShapes(sizes))),
      });
      return bound;
    },
  };
  return cell;
}

/** A cell with one state, h, and one block of H columns of the kernel and of the bias for each gate. */
export interface ScanCell extends Pick<Cell, 'name' | 'gates' | 'operations' | 'setChrono'> {
  /** The equations of a block of steps: its states from the state before and the inputs. */
  blockForward(backend: Backend, scan: Scan, block: Block): void;
  /** From the gradients of the states: adds to those of the state before, of the inputs and of the parameters. */
  blockBackward(backend: Backend, scan: Scan, block: Block): void;
}

/** The cell of these blocks. */
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
