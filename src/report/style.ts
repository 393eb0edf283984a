/** Colours of both schemes; texts have a contrast of at least 4.5, lines one of 3 (WCAG 2.2, AA). */
const colours = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --panel: #f6f8fa; --ink: #1f2328; --pale: #57606a; --line: #d5dbe1;
  --accent: #0b5cad; --right: #116329; --wrong: #a40e26; --right-ground: #e2f5e6; --wrong-ground: #fde8ea;
  --fill: #7d8da1; --track: #e4e8ed;
  --series-1: #0b5cad; --series-2: #b04d00; --series-3: #1a7f37; --series-4: #7a3fd0; --series-5: #b0307a; --series-6: #6e5800;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1319; --panel: #181d25; --ink: #e6edf3; --pale: #a3adb8; --line: #343b45;
    --accent: #75b8ff; --right: #63d480; --wrong: #ff8e90; --right-ground: #10301a; --wrong-ground: #3d1419;
    --fill: #8492a6; --track: #2b323c;
    --series-1: #75b8ff; --series-2: #f5a35c; --series-3: #63d480; --series-4: #c5a0ff; --series-5: #f58ac2; --series-6: #d9bb3f;
  }
}`;

const text = `
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
.page { max-width: 1200px; margin: 0 auto; padding: 16px; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; font-weight: 650; }
h1 { font-size: 1.9rem; }
h2 { font-size: 1.35rem; margin: 0 0 12px; }
h3 { font-size: 1.02rem; margin: 8px 0; }
h4 { font-size: 0.9rem; color: var(--pale); font-weight: 600; margin: 10px 0 4px; }
p { margin: 8px 0; max-width: 75ch; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
section[id] { margin: 40px 0; scroll-margin-top: 8px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; margin: 16px 0 0; list-style: none; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--ground); padding: 8px; z-index: 1; }
.kind { color: var(--pale); font-size: 0.82rem; font-weight: 500; }
.note, figcaption, caption { color: var(--pale); font-size: 0.88rem; }
figure { margin: 0; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--accent); padding: 4px 0; }
pre { margin: 0; font: 13px/1.5 ui-monospace, monospace; white-space: pre; overflow-wrap: normal; }
footer { color: var(--pale); font-size: 0.88rem; border-top: 1px solid var(--line); margin-top: 40px; }`;

const head = `
.headline .figure { margin: 12px 0 0; }
.headline .figure strong { font-size: 2.6rem; line-height: 1.1; font-variant-numeric: tabular-nums; margin-right: 10px; }
.headline .figure span { color: var(--pale); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 170px), 1fr)); gap: 12px; margin: 16px 0 0; }
.tile { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tile dt { color: var(--pale); font-size: 0.88rem; }
.tile dd { margin: 0; }
.tile strong { display: block; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.tile dd span { color: var(--pale); font-size: 0.88rem; }
.facts div { display: flex; flex-wrap: wrap; gap: 0 12px; padding: 3px 0; }
.facts dt { color: var(--pale); width: 8rem; }
.facts dd { margin: 0; }`;

const tables = `
.scroll { overflow-x: auto; margin: 10px 0; border: 1px solid var(--line); border-radius: 8px; padding: 8px 12px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 0 20px; align-items: start; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.92rem; min-width: 100%; }
caption { text-align: left; padding: 2px 0 6px; }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child { text-align: left; padding-left: 0; white-space: normal; min-width: 7rem; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; }
thead th { color: var(--pale); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; }
td.text { text-align: left; white-space: normal; min-width: 16rem; }
table.keys th { text-align: left; } table.keys th:first-child { min-width: 13rem; }
table.keys td { white-space: normal; text-align: left; min-width: 9rem; }
code { font: 0.85rem ui-monospace, monospace; }
.bars td:has(.bar) { width: 34%; min-width: 70px; }
.bar { display: block; width: 100%; height: 9px; border-radius: 3px; }
.bar .track { fill: var(--track); } .bar .fill { fill: var(--fill); }
.bar.chosen .fill { fill: var(--accent); } .bar.right .fill { fill: var(--right); } .bar.wrong .fill { fill: var(--wrong); }`;

const charts = `
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 320px), 1fr)); gap: 18px; }
.chart figcaption { color: var(--ink); font-weight: 600; }
.above { color: var(--pale); font-weight: normal; }
.chart svg { display: block; width: 100%; max-width: 420px; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 24px; color: var(--pale); font-size: 0.9rem; max-width: none; }
.legend .line { display: inline-block; width: 28px; height: 0; border-top: 3px solid; vertical-align: middle; margin-right: 6px; }
.legend svg { width: 34px; height: 10px; vertical-align: middle; margin-right: 6px; }
.line.train { color: var(--series-1); } .line.validation { color: var(--series-2); border-top-style: dashed; }`;

const gallery = `
.store { position: absolute; width: 0; height: 0; }
.filters { display: flex; flex-wrap: wrap; gap: 8px 24px; }
fieldset { border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: 4px 10px 8px; min-width: 0; }
legend { color: var(--pale); font-size: 0.88rem; padding: 0 4px; }
.filter label, .words label { display: inline-flex; align-items: center; gap: 5px; margin: 2px 12px 2px 0; min-height: 28px; cursor: pointer; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 16px; margin-top: 16px; align-items: start; }
.cards.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 12px 14px; min-width: 0; }
.card > p { margin: 6px 0; }
.card .text { font-size: 0.92rem; }
.card .id { color: var(--pale); font-size: 0.82rem; margin-bottom: 0; }
.state { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; color: var(--pale); font-size: 0.85rem; }
.verdict { font-weight: 650; font-size: 0.85rem; padding: 1px 8px; border-radius: 999px; border: 1px solid var(--line); white-space: nowrap; color: var(--ink); }
.verdict.right { color: var(--right); background: var(--right-ground); border-color: var(--right); }
.verdict.wrong { color: var(--wrong); background: var(--wrong-ground); border-color: var(--wrong); }
.pictures { display: grid; gap: 10px; }
.pictures.several { grid-template-columns: repeat(auto-fill, minmax(min(100%, 130px), 1fr)); }
.drawing { display: block; width: 100%; max-height: 320px; border-radius: 6px; background: var(--track); }
.missing { fill: var(--track); }
.boxes .halo, .boxes .edge { fill: none; vector-effect: non-scaling-stroke; }
.boxes .halo { stroke: #fff; stroke-width: 6px; stroke-opacity: 0.8; }
.boxes .edge.true { stroke: #00602b; stroke-width: 4.5px; } .boxes .plate.true { fill: #00602b; }
.boxes .edge.predicted { stroke: #c4005a; stroke-width: 2.5px; stroke-dasharray: 8 5; } .boxes .plate.predicted { fill: #b3004b; }
.boxes .edge.given { stroke: #333c4a; stroke-width: 2.5px; stroke-dasharray: 2 2; } .boxes .plate.given { fill: #333c4a; }
.boxes text { fill: #fff; font-weight: 600; }
.choices ol { list-style: none; margin: 0; padding: 0; }
.choices li { display: grid; grid-template-columns: minmax(0, 1fr) 64px 58px; gap: 2px 8px; align-items: center; padding: 2px 0; font-size: 0.92rem; }
.choices li.chosen { font-weight: 650; }
.choices em { font-style: normal; font-size: 0.82rem; color: var(--pale); font-weight: 600; }
.choices li.right em { color: var(--right); }
.choices li.wrong em { color: var(--wrong); }
.choices .score { text-align: right; font-variant-numeric: tabular-nums; }
.choices .drawing { max-width: 96px; display: inline-block; vertical-align: middle; }
.none { display: none; }
.answers { margin: 6px 0 0; padding: 0; list-style: none; }
.answers li { display: flex; flex-wrap: wrap; gap: 4px 8px; align-items: baseline; padding: 4px 0; border-top: 1px solid var(--line); }
.answers .who { font-weight: 650; }`;

const looks = `
.heat { display: none; }
.heat .seen { fill: #ff4d00; }
.heat .strongest { fill: none; stroke: #fff; stroke-width: 3px; vector-effect: non-scaling-stroke; paint-order: stroke; }
.heat .weight { fill: #fff; stroke: #1f2328; stroke-width: 3px; paint-order: stroke; font-weight: 650; vector-effect: non-scaling-stroke; }
.words label { margin-right: 10px; }
@supports not selector(:has(*)) { .heat.first { display: inline; } }`;

const print = '@media print { .filters, nav { display: none; } .card { break-inside: avoid; } }';

/** Rules that show the heat of the chosen word. @param count words of the longest look */
const wordRules = (count: number): string =>
  Array.from(
    { length: count },
    (_, word) => `.look:has(.words input[value="${word}"]:checked) .heat-${word} { display: inline; }`,
  ).join('\n');

/** What a card can be: right, wrong, or, where several runs are beside each other, both. */
export type CardState = 'right' | 'wrong' | 'mixed';

/** A card as the filters see it. */
export interface FilteredCard {
  /** Absent where nothing is judged. */
  readonly state?: CardState;
  /** Numbers of its groups. */
  readonly groups: readonly number[];
}

/** Rules that hide the cards that were not asked for, and tell where that leaves none. */
function filterRules(cards: readonly FilteredCard[]): string {
  const groups = [...new Set(cards.flatMap((card) => card.groups))].sort((a, b) => a - b);
  const states = [...new Set(cards.flatMap(({ state }) => state ?? []))].sort();
  const checked = (name: string, value: string | number) =>
    `:has(input[name="${name}"][value="${value}"]:checked)`;
  const hidden = ' { display: none; }';
  const byState = states.map(
    (state) => `#gallery${checked('outcome', state)} .card:not(.is-${state})${hidden}`,
  );
  const byGroup = groups.map(
    (group) => `#gallery${checked('group', group)} .card:not([data-groups~="${group}"])${hidden}`,
  );
  const isEmpty = (group: number, state: CardState) =>
    !cards.some((card) => card.groups.includes(group) && card.state === state);
  const empty = groups.flatMap((group) =>
    states
      .filter((state) => isEmpty(group, state))
      .map(
        (state) => `#gallery${checked('group', group)}${checked('outcome', state)} .none { display: block; }`,
      ),
  );
  return [...byState, ...byGroup, ...empty].join('\n');
}

/** What the style depends on. */
export interface StyleNeeds {
  /** Words of the longest look. */
  readonly words: number;
  readonly cards: readonly FilteredCard[];
}

/** The style of a report. */
export const styleOf = ({ words, cards }: StyleNeeds): string =>
  [colours, text, head, tables, charts, gallery, looks, print, wordRules(words), filterRules(cards)].join(
    '\n',
  );
