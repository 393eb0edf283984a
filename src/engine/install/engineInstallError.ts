/** libtensorflow can't be had here: one line that says what was missing; the command line prints it without a stack. */
export class EngineInstallError extends Error {
  override readonly name = 'EngineInstallError';
  readonly exitCode = 1;

  constructor(reason: string) {
    super(`the engine could not be installed: ${reason}; the wasm backend serves without it, slower`);
  }
}
