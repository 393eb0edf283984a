/** Registers the project's own kernels and gradients for a backend; called once when the engine starts. */
export function registerOps(_backend: 'tensorflow' | 'wasm'): void {}
