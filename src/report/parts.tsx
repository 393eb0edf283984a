import type { ComponentChildren, JSX } from 'preact';
import { metricFigure } from '../base/figures.js';
import type { StartAbove } from './startAbove.js';

/** Markup that a library made and escaped (Vega's SVG): never text from data. */
export const Markup = ({ html }: { readonly html: string }): JSX.Element => (
  <div dangerouslySetInnerHTML={{ __html: html }} />
);

/** A metric; a dash where there is none, or where it was not finite, which is null in JSON. */
export const figureOrDash = (value: number | null | undefined): string =>
  value === undefined || value === null ? '–' : metricFigure(value);

/** A part of the page with a heading that can be linked to. */
export const Section = ({
  id,
  title,
  children,
}: {
  readonly id: string;
  readonly title: string;
  readonly children: ComponentChildren;
}): JSX.Element => (
  <section id={id} aria-labelledby={`${id}-title`}>
    <h2 id={`${id}-title`}>{title}</h2>
    {children}
  </section>
);

/** A table that may be wider than the screen: it scrolls by itself, by keyboard too. */
export const Scroll = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ComponentChildren;
}): JSX.Element => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
  // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what is filled in
  <div class="scroll" role="group" aria-label={label} tabIndex={0}>
    {children}
  </div>
);

/** That the start of a curve is above its chart. */
export const Above = ({ above }: { readonly above: StartAbove | undefined }): JSX.Element | null =>
  above ? (
    <span class="above">
      {' '}
      until step {above.until} up to {metricFigure(above.most)}, above what is shown
    </span>
  ) : null;

/** A share of a whole as the length of a bar; the number stands beside it in the text. */
export const Bar = ({
  share,
  kind = 'plain',
}: {
  readonly share: number;
  readonly kind?: 'plain' | 'right' | 'wrong' | 'chosen';
}): JSX.Element => {
  const width = 100 * Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  return (
    <svg class={`bar ${kind}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="8" />
      <rect class="fill" width={width.toFixed(2)} height="8" />
    </svg>
  );
};

/** A mark and a word for what is right and what is wrong. */
export const Verdict = ({ right }: { readonly right: boolean | undefined }): JSX.Element =>
  right === undefined ? (
    <span class="verdict">not judged</span>
  ) : (
    <span class={`verdict ${right ? 'right' : 'wrong'}`}>{right ? '✓ right' : '✗ wrong'}</span>
  );
