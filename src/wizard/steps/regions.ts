import { UsageError } from '../../base/errors.js';
import type { JsonSchema } from '../../base/json.js';
import type { RegionKind } from '../../data/regions/region.js';
import type { Answers } from '../answers.js';
import { chosenBackbone } from '../chosen.js';
import { chosenRegions, kindNamed, kindsIn, type Options } from '../chosenRegions.js';
import type { Field } from '../question.js';
import { completeOptions, problemWith } from '../schemaValues.js';
import { isSimple } from '../simpleOptions.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

const propertiesOf = ({ schema }: RegionKind<Options>) =>
  (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;

const isFileKey = (key: string): boolean => key === 'path';

function fieldsOf(regions: Options, world: World): Field[] {
  const kindSchema: JsonSchema = { enum: kindsIn(world).map(({ kind }) => kind) };
  const own = kindNamed(regions.kind, world);
  if (!own) return [];
  const { kind: _kind, ...given } = regions;
  const values = completeOptions(own.schema, given);
  const required = (own.schema.required ?? []) as readonly string[];
  const options = Object.entries(propertiesOf(own)).filter(
    ([key, schema]) => isFileKey(key) || isSimple(schema),
  );
  return [
    { key: 'kind', label: 'kind', value: own.kind, description: own.description, schema: kindSchema },
    ...options.map(([key, schema]) => ({
      key,
      label: key,
      value: values[key],
      description: String(schema.description ?? ''),
      schema,
      needed: required.includes(key),
    })),
  ];
}

/** What is wrong with the options that were given, at their keys. */
function checkOptions(regions: Options, world: World): void {
  const own = kindNamed(regions.kind, world);
  if (!own) {
    const expected = `one of ${kindsIn(world)
      .map(({ kind }) => kind)
      .join(', ')}`;
    throw new UsageError({ where: 'regions.kind', message: 'there is no such kind of regions', expected });
  }
  const problems = Object.entries(regions).flatMap(([key, value]) => {
    if (key === 'kind') return [];
    const schema = propertiesOf(own)[key];
    const message = schema ? problemWith(schema, value) : `${own.kind} has no such option`;
    return message === undefined ? [] : [{ where: `regions.${key}`, message }];
  });
  if (problems.length > 0) throw new UsageError(problems);
}

async function checkWidth(regions: Options, answers: Answers, world: World): Promise<void> {
  const width = chosenBackbone(answers, world).shape.regions?.featureWidth;
  if (typeof regions.path !== 'string' && kindNamed(regions.kind, world)?.schema.required)
    throw new UsageError({
      where: 'regions.path',
      message: 'no file of features was found',
      expected: 'name it',
    });
  const own = await world.regionWidth(regions);
  if (own === width) return;
  throw new UsageError({
    where: 'regions',
    message: `these regions are ${own} wide`,
    expected: `the backbone reads ${width}`,
  });
}

/** How pictures become regions, for backbones that read them. */
export const regionsStep: Step = {
  name: 'regions',
  keys: ['regions'],
  async ask(answers, world) {
    const regions = await chosenRegions(answers, world);
    if (!regions) return undefined;
    return {
      kind: 'form',
      step: 'regions',
      title: 'regions of the pictures',
      summary: String(regions.kind),
      fields: fieldsOf(regions, world),
    };
  },
  async take(answers, reply, world) {
    if (reply.kind === 'change') {
      const kept = reply.key === 'kind' ? {} : answers.regions;
      return { ...answers, regions: { ...kept, [reply.key]: reply.value } };
    }
    const regions = await chosenRegions(answers, world);
    if (reply.kind !== 'accept' || !regions) return answers;
    checkOptions(regions, world);
    await checkWidth(regions, answers, world);
    return answers;
  },
};
