/** Files between two lines. */
const EVERY = 10;

/** A reporter beside vitest's own that says, where no terminal shows it live, how many of the files are done. */
export default function testProgress() {
  let [files, done, start] = [0, 0, 0];
  return {
    onTestRunStart(specifications) {
      [files, done, start] = [specifications.length, 0, performance.now()];
    },
    onTestModuleEnd() {
      done++;
      if (process.stdout.isTTY || (done % EVERY !== 0 && done !== files)) return;
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`== ${done} of ${files} test files after ${seconds} s`);
    },
  };
}
