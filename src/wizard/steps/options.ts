import type { Adapter } from '../../../adapters/adapter.js';
import { type Problem, UsageError } from '../../base/errors.js';
import type { Json, JsonSchema } from '../../base/json.js';
import type { Answers } from '../answers.js';
import { chosenAdapters, chosenBackbone } from '../chosen.js';
import type { Field } from '../question.js';
import { completeOptions, problemWith } from '../schemaValues.js';
import { isSimple } from '../simpleOptions.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

const propertiesOf = ({ schema }: Pick<Adapter<unknown>, 'schema'>) =>
  (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;

/** Numbers first, then words, then yes and no. */
const rank = ({ type, enum: words }: JsonSchema): number =>
  type === 'boolean' ? 2 : Array.isArray(words) ? 1 : 0;

/** @param alone whether it is the only adapter, so that its options need not say whose they are */
function fieldsOf(
  adapter: Adapter<unknown>,
  given: Readonly<Record<string, Json>> = {},
  alone = false,
): Field[] {
  const values = completeOptions(adapter.schema, given);
  return Object.entries(propertiesOf(adapter))
    .filter(([, schema]) => isSimple(schema))
    .sort(([, a], [, b]) => rank(a) - rank(b))
    .map(([key, schema]) => ({
      key: `${adapter.kind}.${key}`,
      label: alone ? key : `${adapter.kind} ${key}`,
      value: values[key],
      description: String(schema.description ?? ''),
      schema,
    }));
}

function problemsOf(adapter: Adapter<unknown>, { options = {} }: Answers): Problem[] {
  return Object.entries(options[adapter.kind] ?? {}).flatMap(([key, value]) => {
    const schema = propertiesOf(adapter)[key];
    const message = schema ? problemWith(schema, value) : `${adapter.kind} has no such option`;
    return message === undefined ? [] : [{ where: `options.${adapter.kind}.${key}`, message }];
  });
}

/** What was changed of the options of the chosen adapters. */
function changesOf(answers: Answers, world: World): string {
  const changed = chosenAdapters(answers, world).flatMap(({ kind }) =>
    Object.entries(answers.options?.[kind] ?? {}).map(([key, value]) => `${key} ${JSON.stringify(value)}`),
  );
  return changed.join(', ') || 'as by default';
}

/** The options of the chosen adapters that are numbers, words or yes and no. */
export const optionsStep: Step = {
  name: 'options',
  keys: ['options'],
  async ask(answers, world) {
    const chosen = chosenAdapters(answers, world);
    const fields = chosen.flatMap((adapter) =>
      fieldsOf(adapter, answers.options?.[adapter.kind], chosen.length === 1),
    );
    if (fields.length === 0) return undefined;
    const kinds = chosen.map(({ kind }) => kind).join(', ');
    return {
      kind: 'form',
      step: 'options',
      title: `options of ${kinds}`,
      summary: changesOf(answers, world),
      fields,
    };
  },
  async take(answers, reply, world) {
    const { options = {} } = answers;
    if (reply.kind === 'change') {
      const [kind = '', key = ''] = reply.key.split('.');
      return { ...answers, options: { ...options, [kind]: { ...options[kind], [key]: reply.value } } };
    }
    if (reply.kind !== 'accept') return answers;
    const { shape } = chosenBackbone(answers, world);
    const chosen = chosenAdapters(answers, world);
    const problems = chosen.flatMap((adapter) => problemsOf(adapter, answers));
    if (problems.length > 0) throw new UsageError(problems);
    for (const adapter of chosen) adapter.plan(shape, completeOptions(adapter.schema, options[adapter.kind]));
    return answers;
  },
};
