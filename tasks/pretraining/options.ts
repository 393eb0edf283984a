import type { Json, JsonSchema } from '../../src/base/json.js';
import { oneOfKinds } from '../../src/schema/kindSchema.js';
import type { TeacherChoice } from '../task.js';
import type { AnyObjective } from './objective.js';

/** Options of an objective and its weight. */
interface ObjectiveOptions {
  readonly weight: number;
  readonly [option: string]: Json;
}

/** What is learnt in pretraining. */
export interface PretrainOptions {
  /** Kind -> options; an objective that is left out is not learnt. */
  readonly objectives: Readonly<Record<string, ObjectiveOptions>>;
  /** Default `mix`. */
  readonly combine?: 'mix' | 'draw';
  /** Default, where an objective asks for one: a running average. */
  readonly teacher?: TeacherChoice;
}

const weight = {
  type: 'number',
  exclusiveMinimum: 0,
  default: 1,
  description: 'Factor of this objective in the loss, or its share of the steps where one is drawn for each.',
};

const teachers = oneOfKinds([
  {
    kind: 'averaged',
    description: 'A running average of everything that trains (He et al. 2020, MoCo).',
    schema: {
      properties: {
        momentum: {
          type: 'number',
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.995,
          description: 'How much of the average stays at each step.',
        },
      },
    },
  },
  {
    kind: 'run',
    description: 'The model of a finished run, which does not change.',
    schema: {
      required: ['from'],
      properties: {
        from: {
          type: 'string',
          minLength: 1,
          format: 'path',
          description: 'Its run folder.',
          examples: ['runs/teacher'],
        },
      },
    },
  },
]);

function schemaOf({ description, schema }: AnyObjective): JsonSchema {
  const { properties = {}, ...rest } = schema as { readonly properties?: JsonSchema };
  return {
    ...rest,
    type: 'object',
    additionalProperties: false,
    description,
    properties: { weight, ...properties },
  };
}

/** Schema of the options of the task `pretrain`, put together from those of its objectives. */
export function pretrainSchema(objectives: readonly AnyObjective[]): JsonSchema {
  const byDefault = objectives.filter((one) => one.byDefault).map(({ kind }) => [kind, {}] as const);
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      objectives: {
        type: 'object',
        additionalProperties: false,
        minProperties: 1,
        default: Object.fromEntries(byDefault),
        description: 'What is learnt; an objective that is left out is not learnt.',
        properties: Object.fromEntries(objectives.map((one) => [one.kind, schemaOf(one)])),
      },
      combine: {
        type: 'string',
        enum: ['mix', 'draw'],
        default: 'mix',
        description:
          'mix: every step learns all of them, their losses weighted and added. draw: every step learns one, drawn by weight.',
      },
      teacher: {
        ...teachers,
        description:
          'Who teaches the objectives that learn from a teacher. Absent: `averaged`, where there are any.',
      },
    },
  };
}
