import { formatNumber } from '../format.ts';
import { embeddedJson, html, raw, type Markup } from './markup.ts';
import { clockText, niceTicks, timeTicks } from './scale.ts';

export interface Series {
  readonly name: string;
  /** One value for each time; `undefined`: nothing there. */
  readonly values: readonly (number | undefined)[];
  /** `bars` stand on the axis; default `line`. */
  readonly form?: 'line' | 'area' | 'bars';
}

export interface Chart {
  readonly title: string;
  /** What the chart tells, in a few words. */
  readonly hint: string;
  readonly unit: string;
  /** In ms since the start, in order: the end of each stretch. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  /** Moments that are marked in all charts, in ms. */
  readonly marks: readonly { readonly atMs: number; readonly text: string }[];
  /** Least top of the axis, so that noise about 0 looks small. */
  readonly leastTop?: number;
}

const WIDTH = 640;
const HEIGHT = 220;
const LEFT = 52;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;
/** Colours of the style sheet. */
const COLOURS = 8;

/** One chart as a figure with a legend; the page's script shows values under the pointer. */
export function chartFigure(chart: Chart): Markup {
  const { title, hint, unit, times, series } = chart;
  const shown = series.filter(({ values }) => values.some((value) => value !== undefined));
  if (shown.length === 0 || times.length === 0) {
    return html`<figure class="chart empty">
      <figcaption><b>${title}</b> <span>${hint}</span></figcaption>
      <p>not measured</p>
    </figure>`;
  }
  const legend = shown.map(
    ({ name }, at) => html`<li class="c${at % COLOURS}"><i></i>${name} <output></output></li>`,
  );
  const data = {
    times,
    unit,
    left: LEFT,
    right: RIGHT,
    width: WIDTH,
    series: shown.map(({ values }) => values),
  };
  return html`<figure class="chart">
    <figcaption><b>${title}</b> <span>${hint}</span></figcaption>
    ${drawing({ ...chart, series: shown })}
    <ul class="legend">
      ${legend}
      <li class="at"></li>
    </ul>
    <script type="application/json">
      ${embeddedJson(data)}
    </script>
  </figure>`;
}

function drawing({ times, series, marks, unit, title, leastTop = 0 }: Chart): Markup {
  const untilMs = times.at(-1) ?? 1;
  const most = Math.max(leastTop, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const ticks = niceTicks(most);
  const top = ticks.at(-1) ?? 1;
  const x = (ms: number): number => LEFT + (ms / untilMs) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(tick))}" y2="${round(y(tick))}"/>` +
      `<text class="y" x="${LEFT - 6}" y="${round(y(tick) + 4)}">${formatNumber(tick)}</text>`,
  );
  const clock = timeTicks(untilMs).map(
    (ms) => `<text class="x" x="${round(x(ms))}" y="${HEIGHT - 6}">${clockText(ms)}</text>`,
  );
  const flags = marks.map(
    ({ atMs }) =>
      `<line class="mark" x1="${round(x(atMs))}" x2="${round(x(atMs))}" y1="${TOP}" y2="${HEIGHT - BOTTOM}"/>`,
  );
  const lines = series.map((one, at) => seriesPath(one, { times, x, y, className: `c${at % COLOURS}` }));
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}, ${unit}">
    ${raw([...grid, ...clock, ...lines, ...flags].join(''))}
    <line class="cursor" x1="0" x2="0" y1="${TOP}" y2="${HEIGHT - BOTTOM}" visibility="hidden" />
  </svg>`;
}

interface Placement {
  readonly times: readonly number[];
  readonly x: (ms: number) => number;
  readonly y: (value: number) => number;
  readonly className: string;
}

function seriesPath({ values, form = 'line' }: Series, { times, x, y, className }: Placement): string {
  if (form === 'bars') return bars(values, { times, x, y, className });
  const runs = continuousRuns(values, times);
  return runs
    .map((run) => {
      const points = run.map(({ ms, value }) => `${round(x(ms))},${round(y(value))}`);
      const [first, last] = [run[0], run.at(-1)];
      // A line of one point would not be seen.
      const line =
        points.length === 1
          ? `<path class="line dot ${className}" d="M${points.join('')}h0.01"/>`
          : `<path class="line ${className}" d="M${points.join('L')}"/>`;
      if (form !== 'area' || !first || !last) return line;
      const base = round(y(0));
      return `<path class="area ${className}" d="M${round(x(first.ms))},${base}L${points.join('L')}L${round(x(last.ms))},${base}Z"/>${line}`;
    })
    .join('');
}

function bars(values: Series['values'], { times, x, y, className }: Placement): string {
  return values
    .map((value, at) => {
      if (value === undefined || value <= 0) return '';
      const [from, to] = [x(times[at - 1] ?? 0), x(times[at] ?? 0)];
      const width = Math.max(1, (to - from) * 0.8);
      return `<rect class="bar ${className}" x="${round(from + (to - from - width) / 2)}" width="${round(width)}" y="${round(y(value))}" height="${round(y(0) - y(value))}"/>`;
    })
    .join('');
}

interface Point {
  readonly ms: number;
  readonly value: number;
}

/** Stretches in which nothing is missing. */
function continuousRuns(values: Series['values'], times: readonly number[]): Point[][] {
  const runs: Point[][] = [[]];
  for (const [at, value] of values.entries()) {
    if (value === undefined) runs.push([]);
    else runs.at(-1)?.push({ ms: times[at] ?? 0, value });
  }
  return runs.filter((run) => run.length > 0);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
