import { createHash } from 'node:crypto';
import type { ComponentChildren, JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** What is in the head of every report, by which it is known. */
export const GENERATOR = 'vlgraft report';

/** Nothing is loaded, run or sent: the pictures are in the page, and the one style is known by its hash. */
function policyOf(style: string): string {
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

/** A part of the page that can be jumped to. */
export interface Anchor {
  readonly id: string;
  readonly title: string;
}

const Navigation = ({ anchors }: { readonly anchors: readonly Anchor[] }): JSX.Element => (
  <nav aria-label="parts of this page">
    <ul>
      {anchors.map(({ id, title }) => (
        <li>
          <a href={`#${id}`}>{title}</a>
        </li>
      ))}
    </ul>
  </nav>
);

/** A whole page as one file: no network, no script. */
export function renderPage({
  title,
  style,
  head,
  anchors,
  children,
}: {
  readonly title: string;
  readonly style: string;
  readonly head: ComponentChildren;
  readonly anchors: readonly Anchor[];
  readonly children: ComponentChildren;
}): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={policyOf(style)} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content={GENERATOR} />
        <title>{title}</title>
        {/* The page's own style: there is no data in it but numbers. */}
        <style dangerouslySetInnerHTML={{ __html: style }} />
      </head>
      <body>
        <a class="skip" href="#content">
          to the content
        </a>
        <div class="page">
          {head}
          <Navigation anchors={anchors} />
          <main id="content">{children}</main>
          <footer>
            <p>Made by vlgraft from the run folder alone. One file: it loads nothing and sends nothing.</p>
          </footer>
        </div>
      </body>
    </html>
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}
