import { memberOf } from '../base/json.js';
import type { RunRecord } from './runRecord.js';
import type { Point } from './series.js';

/** Something that was logged over the steps. */
export interface Curve {
  readonly title: string;
  /** Of the updates. */
  readonly train: readonly Point[];
  /** What was set and not measured needs no smoothing. */
  readonly exact?: boolean;
  /** Of the evaluations. */
  readonly validation: readonly Point[];
}

/** Logged with every update, but no loss. */
const GRADIENT_NORM = 'gradientNorm';

const finite = (points: readonly Point[]): Point[] => points.filter(({ y }) => Number.isFinite(y));

function logged({ lines }: RunRecord, split: 'train' | 'validation', name: string): Point[] {
  const own = lines.filter((line) => line.split === split);
  return finite(own.map(({ step, values }) => ({ x: step, y: memberOf(values, name) ?? Number.NaN })));
}

const namesIn = ({ lines }: RunRecord, split: 'train' | 'validation'): string[] => [
  ...new Set(lines.filter((line) => line.split === split).flatMap(({ values }) => Object.keys(values))),
];

/** Loss and its parts, where they are not the same. */
function lossCurves(run: RunRecord): Curve[] {
  const parts = namesIn(run, 'train').filter((name) => name !== 'loss' && name !== GRADIENT_NORM);
  const part = (name: string, title: string): Curve => ({
    title,
    train: logged(run, 'train', name),
    validation: logged(run, 'validation', name),
  });
  return [part('loss', 'loss'), ...parts.map((name) => ({ ...part(name, `loss: ${name}`), validation: [] }))];
}

/** Metrics of the validation set, the one that picks the best weights first. */
function metricCurves(run: RunRecord): Curve[] {
  const names = namesIn(run, 'validation').filter((name) => name !== 'loss');
  const first = names.filter((name) => name === run.summary.metric);
  const others = names.filter((name) => name !== run.summary.metric);
  return [...first, ...others].map((name) => ({
    title: `validation ${name}`,
    train: [],
    validation: logged(run, 'validation', name),
  }));
}

/** Examples a second; the first update is left out, since it makes the compiled step. */
function throughput({ timings }: RunRecord): Curve {
  const updates = timings.filter(({ split, seconds }) => split === 'train' && seconds > 0).slice(1);
  const train = updates.map(({ step, examples, seconds }) => ({ x: step, y: examples / seconds }));
  return { title: 'examples per second', train, validation: [] };
}

/** Everything that a run logged over its steps; what has no points is left out. */
export function curvesOf(run: RunRecord): Curve[] {
  const rates = run.lines.flatMap(({ step, learningRate }) =>
    learningRate === undefined ? [] : [{ x: step, y: learningRate }],
  );
  const curves: Curve[] = [
    ...lossCurves(run),
    ...metricCurves(run),
    { title: 'learning rate', train: rates, exact: true, validation: [] },
    { title: 'gradient norm', train: logged(run, 'train', GRADIENT_NORM), validation: [] },
    throughput(run),
  ];
  return curves.filter(({ train, validation }) => train.length + validation.length > 0);
}
