// What a page imports: the backends of tfjs that it chooses among, and what computes.
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgl';
import { adaptedClip, type Computed, type Given } from './adaptedClip.js';

/** What a backend gave, or why it gave nothing. */
type Outcome = Computed | { readonly backend: string; readonly error: string };

/** What a page tells the test that opened it. */
export interface Told {
  readonly browser: string;
  readonly outcomes: readonly Outcome[];
}

async function computeOn(given: Given, backend: string): Promise<Outcome> {
  try {
    return await adaptedClip(given, backend);
  } catch (error) {
    return { backend, error: String(error) };
  }
}

/** Computes on each backend with what the server of the page gives, and sends the outcomes there. */
export async function tell(): Promise<void> {
  setWasmPaths('/wasm/');
  const given = (await (await fetch('/given')).json()) as Given;
  const outcomes: Outcome[] = [];
  for (const backend of ['cpu', 'wasm', 'webgl']) outcomes.push(await computeOn(given, backend));
  const told: Told = { browser: navigator.userAgent, outcomes };
  await fetch('/told', { method: 'POST', body: JSON.stringify(told) });
}
