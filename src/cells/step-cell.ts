/** Makes a cell from its shapes and the equations of one step. */
import type { Backend } from '../core/backend.js';
import type { Recurrence, StepRows } from '../equations/recurrence.js';
import {
  bindRecurrence,
  recurrenceBackward,
  recurrenceForward,
  setRecurrenceLengths,
} from '../equations/recurrence.js';
import type { Cell, CellSizes, Shapes } from './cell.js';
import { boundCell, stateShapesOf } from './cell.js';

/** A cell that computes one step after another. */
export interface StepCell<Name extends string = string> extends Omit<Cell, 'activationShapes' | 'bind'> {
  /** The shapes of what the equations need beside states, inputs and parameters: `[T,B,N]` if the backward pass reads every step's, `[B,N]` if a step overwrites it. */
  otherShapes(this: void, sizes: CellSizes): Shapes;
  /** The equations of one step: the states from the states before and the inputs. `step` has the views by name: see `StepRows`. */
  stepForward(this: void, backend: Backend, recurrence: Recurrence, step: StepRows<Name>): void;
  /** From the gradients of the states: adds to those of the states before, of the inputs and of the parameters. */
  stepBackward(this: void, backend: Backend, recurrence: Recurrence, step: StepRows<Name>): void;
}

/** The cell of these shapes and equations. */
export function stepCell<Name extends string>(equations: StepCell<Name>): Cell {
  const { otherShapes, stepForward, stepBackward, ...given } = equations;
  const cell: Cell = {
    ...given,
    activationShapes: (sizes) => ({ ...stateShapesOf(given, sizes), ...otherShapes(sizes) }),
    bind(parts) {
      const { activations, sizes } = parts;
      const bound = boundCell(cell, parts, {
        forward: (backend) => recurrenceForward(backend, recurrence, stepForward),
        backward: (backend, options) => recurrenceBackward(backend, recurrence, stepBackward, options),
        setLengths: (lengths) => setRecurrenceLengths(recurrence, lengths),
      });
      const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, activations[name]]));
      const recurrence = bindRecurrence({
        ...parts,
        states: pick(Object.keys(bound.dStates)),
        dStates: bound.dStates,
        dUpstream: bound.dUpstream,
        others: pick(Object.keys(otherShapes(sizes))),
      });
      return bound;
    },
  };
  return cell;
}
