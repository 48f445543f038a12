/** The process of `longhand train` with a checkpoint, stopped by signals. */
import { longhand } from '../../helpers/longhand-process.js';
import { expectSavedOn, SIGNALS } from '../../helpers/saved-on-signals.js';

test.each(SIGNALS)('writes the run on %s, and --resume continues to the same end', (signal, exitCode) =>
  expectSavedOn(longhand, signal, exitCode),
);
