/**
 * Tests that need what a computer may lack: a browser, a shell, PyTorch, a mode of GPU.js. If it is missing, they are skipped,
 * and test/helpers/reporter.js prints one line that says how to get it. Under CI=true they run, and fail.
 */

/** `test` if the thing is there or must be there; otherwise `test.skip`. `remedy`: how to get it. */
export function needs(thing: string, isThere: boolean, remedy: string): jest.It {
  if (isThere || process.env.CI) return test;
  test.skip(`missing: ${thing}: ${remedy}`, () => undefined);
  return test.skip;
}
