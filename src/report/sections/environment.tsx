import type { JSX } from 'preact';
import { megabytes } from '../../base/figures.js';
import type { Environment as Facts } from '../../prepare/environment.js';
import { Section } from '../parts.js';

/** What the run ran on. */
export function Environment({
  environment,
}: {
  readonly environment: Facts | undefined;
}): JSX.Element | null {
  if (!environment) return null;
  const { vlgraft, node, platform, engine, processor, cores, memoryBytes } = environment;
  const rows: readonly (readonly [string, string])[] = [
    ['vlgraft', vlgraft],
    ['node', node],
    ['engine', `${engine.backend} ${engine.version} on ${engine.device}, threads: ${engine.threads}`],
    ['platform', platform],
    ['processor', `${processor}, cores: ${cores}`],
    ['memory', megabytes(memoryBytes)],
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
