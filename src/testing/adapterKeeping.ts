import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Adapter } from '../../adapters/adapter.js';
import type { Json } from '../base/json.js';
import { readSafetensors, writeSafetensors } from '../checkpoints/safetensors.js';
import { fromHost, tf, toPrecision } from '../engine/index.js';
import type { AdapterBench, AdapterVariant } from './adapterBench.js';
import { gradientsOf } from './adapterGradients.js';
import { distance, valuesOf } from './outputs.js';
import { requireClose, requireEqual, requireRefused, requireThat } from './require.js';
import { attach, run, toDevice } from './subject.js';
import type { SharedCheck } from './suite.js';

/** What gives the same in another form: saved, in bf16, merged, in the folders of other libraries. */
export const keepingChecks = (
  adapter: Adapter<unknown>,
  variant: AdapterVariant,
): SharedCheck<AdapterBench>[] => [
  {
    name: 'gives the same after it was saved and loaded, bit for bit',
    run: ({ attached: [{ name }], moved, adapted, usual }) => {
      const folder = mkdtempSync(join(tmpdir(), 'vlgraft-adapter-'));
      try {
        tf.tidy(() => {
          const file = join(folder, 'adapter_model.safetensors');
          writeSafetensors(file, moved.get(name)!);
          const loaded = new Map([[name, readSafetensors(file)]]);
          requireEqual(valuesOf(adapted({}, loaded)), usual().values, 'values');
        });
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  },
  {
    name: 'is close to itself on a backbone in bf16',
    run: ({ subject, attached, moved, adapted, usual }) =>
      tf.tidy(() => {
        const { unfrozen } = attached[0].plan;
        const low = new Map(
          [...subject.weights].map(([name, weight]) => [
            name,
            weight.rank === 2 && !unfrozen.includes(name) ? toPrecision(weight, 'bf16') : weight,
          ]),
        );
        const exact = usual().values;
        for (const [i, part] of valuesOf(adapted({ weights: low })).entries()) {
          const size = exact[i]!.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
          requireClose(part, exact[i]!, 0.08 * size, 'values in bf16');
        }
        for (const [key, gradient] of gradientsOf(subject, attached, moved, low))
          requireThat([...gradient.dataSync()].every(Number.isFinite), `gradient of ${key} in bf16`);
      }),
  },
  {
    name: 'folds into the backbone, which then gives the same alone',
    when: adapter.merge !== undefined,
    run: ({ subject, options, attached: [{ name }], moved, plain, usual }) =>
      tf.tidy(() => {
        const own = moved.get(name)!;
        const host = (parameter: string) => subject.hostWeights.get(parameter)!;
        const folded = adapter.merge!({
          options,
          backbone: subject.shape,
          parameters: (parameter) => own.get(parameter)!,
          weights: host,
          frozen: host,
        });
        requireThat(folded.size > 0, 'merge changes nothing');
        const weights = new Map(subject.weights);
        for (const [parameter, tensor] of folded) {
          requireEqual(tensor.shape, host(parameter)?.shape, `shape of ${parameter}`);
          weights.set(parameter, fromHost(tensor));
        }
        const [merged, unmerged] = [valuesOf(run(subject, { weights })), usual().values];
        requireThat(distance(unmerged, plain().values) > 1e-3, 'the adapter changes nothing');
        for (const [i, part] of merged.entries()) requireClose(part, unmerged[i]!, 1e-4, 'merged');
      }),
  },
  {
    name: 'comes back from the folders of other libraries as it went',
    when: !variant.engineOnly && (adapter.formats ?? []).some(({ write }) => write),
    run: ({ subject, options, attached: [{ name }], moved, usual }) => {
      const parameters = moved.get(name)!;
      for (const format of adapter.formats ?? []) {
        if (!format.write) continue;
        const write = () => format.write!({ options, parameters }, subject.shape);
        if (variant.unwritten?.test(`${format.library} ${subject.name}`)) {
          requireRefused(write, 'writing the folder');
          continue;
        }
        const folder = write();
        requireThat(format.accepts(folder.config), `${format.library} does not take what it wrote`);
        const read = format.read(folder, subject.shape);
        if (!variant.rewritten)
          requireEqual([...read.parameters].sort(), [...parameters].sort(), 'parameters');
        const again = attach(subject, adapter, read.options as Readonly<Record<string, Json>>);
        tf.tidy(() => {
          const adapters = toDevice(new Map([[again[0]!.name, read.parameters]]));
          const far = distance(valuesOf(run(subject, { attached: again, adapters })), usual().values);
          requireThat(variant.rewritten ? far < 1e-4 : far === 0, `what was read differs by ${far}`);
        });
      }
    },
  },
  {
    name: 'keeps no tensors',
    run: ({ usual, usualGradients, kept }) => {
      usual();
      usualGradients();
      requireEqual(kept(), 0, 'tensors that are kept');
    },
  },
];
