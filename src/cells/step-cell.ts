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
