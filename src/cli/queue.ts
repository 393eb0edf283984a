/** Work that is done one after the other. */
export interface Queue {
  /** Work that begins when what began before it has ended, however that ended. */
  inTurn<Given extends readonly unknown[], Made>(
    work: (...given: Given) => Promise<Made>,
  ): (...given: Given) => Promise<Made>;
  /** Waits until all that began has ended. */
  idle(): Promise<void>;
}

/** A queue for measurements: none slows another down, though one that was skipped may still be at its last step. */
export function createQueue(): Queue {
  let last: Promise<void> = Promise.resolve();
  return {
    idle: () => last,
    inTurn:
      (work) =>
      (...given) => {
        const running = last.then(() => work(...given));
        last = running.then(
          () => {},
          () => {},
        );
        return running;
      },
  };
}
