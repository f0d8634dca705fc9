import { embeddedJson, html, type Markup } from './markup.ts';

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

/** What the page's script (`adapters/draw-charts.ts`) reads of one chart. */
export interface ChartData {
  readonly unit: string;
  readonly leastTop: number;
  readonly times: readonly number[];
  /** In ms. */
  readonly marks: readonly number[];
  readonly series: readonly {
    readonly name: string;
    readonly form: 'line' | 'area' | 'bars';
    /** `null`: nothing there; a line has a gap. */
    readonly values: readonly (number | null)[];
    /** Indices of values that stand alone, drawn as points: a line of one point would not be seen. */
    readonly points: readonly number[];
  }[];
}

/** One chart as a figure that the page's script fills with a drawing and a legend. */
export function chartFigure({ title, hint, unit, times, series, marks, leastTop = 0 }: Chart): Markup {
  const shown = series.filter(({ values }) => values.some((value) => value !== undefined));
  if (shown.length === 0 || times.length === 0) {
    return html`<figure class="chart empty">
      <figcaption><b>${title}</b> <span>${hint}</span></figcaption>
      <p>not measured</p>
    </figure>`;
  }
  const data: ChartData = {
    ...{ unit, leastTop, times, marks: marks.map(({ atMs }) => atMs) },
    series: shown.map(({ name, values, form = 'line' }) => ({
      ...{ name, form, values: values.map((value) => value ?? null), points: standingAlone(values) },
    })),
  };
  return html`<figure class="chart">
    <figcaption><b>${title}</b> <span>${hint}</span></figcaption>
    <div class="plot" role="img" aria-label="${title}, ${unit}"></div>
    <script type="application/json">
      ${embeddedJson(data)}
    </script>
  </figure>`;
}

/** Indices of values without a neighbour. */
export function standingAlone(values: Series['values']): number[] {
  return values.flatMap((value, at) =>
    value !== undefined && values[at - 1] === undefined && values[at + 1] === undefined ? [at] : [],
  );
}
