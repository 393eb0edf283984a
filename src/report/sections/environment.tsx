import type { JSX } from 'preact';
import { megabytes } from '../../base/figures.js';
import type { Environment as Facts } from '../../prepare/environment.js';
import { type AddedModule, moduleNames } from '../../prepare/modules.js';
import { Section } from '../parts.js';

const describeModule = ({ list, kind, file = 'a program' }: AddedModule): string =>
  `${moduleNames[list] ?? list} '${kind}' of ${file}`;

/** What the run ran on, and what it needed besides this package. */
export function Environment({
  environment,
}: {
  readonly environment: Facts | undefined;
}): JSX.Element | null {
  if (!environment) return null;
  const { vlgraft, node, platform, engine, processor, cores, memoryBytes, modules = [] } = environment;
  const rows: readonly (readonly [string, string])[] = [
    ['vlgraft', vlgraft],
    ['node', node],
    ['engine', `${engine.backend} ${engine.version} on ${engine.device}, threads: ${engine.threads}`],
    ['platform', platform],
    ['processor', `${processor}, cores: ${cores}`],
    ['memory', megabytes(memoryBytes)],
    ...modules.map((one) => ['added', describeModule(one)] as const),
  ];
  return (
    <Section id="environment" title="Environment">
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
