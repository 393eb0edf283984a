import { fusedStream } from '../src/backbones/streams.js';
import { UsageError } from '../src/base/errors.js';
import type { ParameterSpec } from '../src/nn/parameters.js';
import type { CaptionExample } from './examples.js';
import { inPublishedOrder, pretrained } from './heads/pretraining.js';
import { activeIn, collatePretraining, type PretrainState } from './pretraining/collate.js';
import { countsOf, measuredNames, predictionsOf, reportOf } from './pretraining/measures.js';
import { checkMembers, inPassOrder, type Member, membersOf, teacherOf } from './pretraining/members.js';
import type { AnyObjective } from './pretraining/objective.js';
import { type PretrainOptions, pretrainSchema } from './pretraining/options.js';
import { pretrainLoss, pretrainOutputs } from './pretraining/outputs.js';
import { defineTask } from './task.js';

const fitMember = ({ objective, options, at }: Member, training: readonly CaptionExample[]) => ({
  views: objective.views(options),
  weight: options.weight,
  fitted: objective.fit?.(options, training, at) ?? null,
});

/** Specs without those that are there already; UsageError where two objectives want one of different shapes. */
function sharedParameters(heads: readonly { member: Member; specs: readonly ParameterSpec[] }[]) {
  const first = new Map<string, { readonly kind: string; readonly spec: ParameterSpec }>();
  for (const { member, specs } of heads)
    for (const spec of specs) {
      const { kind } = member.objective;
      const known = first.get(spec.name) ?? { kind, spec };
      first.set(spec.name, known);
      if (known.spec.shape.join() === spec.shape.join()) continue;
      const message = `${spec.name} is [${spec.shape}] here and [${known.spec.shape}] in ${known.kind}`;
      throw new UsageError({ where: member.at, message, expected: 'the same width in both' });
    }
  return [...first.values()].map(({ spec }) => spec);
}

/**
 * Pretraining on captioned pictures with some of these objectives, each of which reads views of the examples that it
 * shares with the others. Swapped captions count for matching alone; what is contrasted are the right ones, unmasked.
 */
export function createPretrain(objectives: readonly AnyObjective[]) {
  const members = (options: PretrainOptions) => membersOf(objectives, options);
  return defineTask<PretrainOptions, CaptionExample, PretrainState>({
    kind: 'pretrain',
    description: 'pretraining on captioned pictures: masked words, matching, pair-wise contrast',
    schema: pretrainSchema(objectives),
    examples: 'captions',
    metric: { name: 'mean', higherIsBetter: true },
    adapter: 'full',
    fit: (options, training) => ({
      combine: options.combine ?? 'mix',
      objectives: Object.fromEntries(
        members(options).map((member) => [member.objective.kind, fitMember(member, training)]),
      ),
    }),
    texts: ({ caption }) => [caption],
    pictures: ({ picture }) => [picture],
    checkpointName: (headParameter) => headParameter,
    length: ({ caption }) => caption.split(/\s+/).length + 2,
    check: (options, backbone) => {
      fusedStream(backbone);
      checkMembers(members(options), options, backbone);
    },
    textAlone: (options) => members(options).every(({ objective }) => objective.textAlone ?? false),
    head: (options, state, backbone, checkpoint) => {
      const heads = inPassOrder(members(options)).map((member) => {
        const { kind } = member.objective;
        const { fitted } = state.objectives[kind]!;
        return { member, specs: member.objective.head(member.options, fitted, backbone) };
      });
      return inPublishedOrder(sharedParameters(heads)).map((spec) => pretrained(spec, backbone, checkpoint));
    },
    buffers: (options) =>
      members(options).flatMap(({ objective, options: own }) =>
        (objective.buffers?.(own) ?? []).map((spec) => ({
          ...spec,
          name: `${objective.kind}.${spec.name}`,
        })),
      ),
    teacher: (options) => teacherOf(members(options), options),
    teacherHead: (options, backbone) =>
      members(options).flatMap(({ objective, options: own }) => objective.taught?.(own, backbone) ?? []),
    collate: (examples, context) => collatePretraining(objectives, examples, context),
    outputs: (context) => pretrainOutputs(members(context.options), context),
    loss: (outputs, batch, options) => pretrainLoss(members(options), outputs, batch, options),
    counts: (batch, options) =>
      Object.fromEntries(
        activeIn(members(options), batch).flatMap(({ objective }) =>
          objective.count ? [[objective.kind, objective.count(batch)]] : [],
        ),
      ),
    comparesInBatch: (options) => {
      const found = members(options).find(({ objective }) => objective.comparesInBatch)?.objective;
      return found && `the objective ${found.kind} has ${found.comparesInBatch}`;
    },
    predictionOutputs: ['scores'],
    predict: ({ scores }, examples, _state, options) => predictionsOf(members(options), scores!, examples),
    evaluate: (predictions, _examples, options) => reportOf(members(options), predictions),
    tally: (_example, prediction, options) => ({
      groups: [],
      counts: countsOf(members(options), prediction),
    }),
    combined: (_examples, options) => {
      const of = measuredNames(members(options));
      return { mean: { of, factor: 1 / of.length } };
    },
  });
}
