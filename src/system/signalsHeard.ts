const turn = (): Promise<void> =>
  new Promise((next) => {
    // A browser has no setImmediate.
    if (typeof setImmediate === 'function') setImmediate(next);
    else setTimeout(next);
  });

/**
 * Lets signals that came during work without a pause reach their listeners. Node looks for them between two turns of
 * its loop, so one turn is not enough: where the work ran in answer to a file that was read, that turn ends without a look.
 */
export async function signalsHeard(): Promise<void> {
  await turn();
  await turn();
}
