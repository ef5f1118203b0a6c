/** Runs the app's code. As with `ws`, what it throws is the process's business: the session must not take it for its own fault. */
export function aloud(run: () => void): void {
  try {
    run();
  } catch (fault) {
    process.nextTick(() => {
      throw fault;
    });
  }
}
