import type UPlot from 'uplot';
import type { ChartData } from '../chart.ts';

/** Defined by `uplotScript()`, which the page runs before this. */
declare const uPlot: typeof UPlot;

/**
 * Draws every chart of the page with uPlot, with one cursor in all of them. Its source text becomes part of the report, so
 * it uses nothing from this module but its arguments.
 */
export function drawCharts(clockText: (ms: number) => string): void {
  const HEIGHT = 230;
  const SECOND = 1000;
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
  const COLOURS = 8;
  const root = document.documentElement;
  const colour = (name: string): string => getComputedStyle(root).getPropertyValue(name).trim();
  const number = (value: number): string =>
    Number.isInteger(value) || value >= 100
      ? value.toFixed(0)
      : value >= 1
        ? value.toFixed(1)
        : value.toFixed(2);

  const seriesOf = ({ series, unit }: ChartData): UPlot.Series[] =>
    series.map(({ name, form, points }, at) => {
      const stroke = (): string => colour(`--c${at % COLOURS}`);
      const faint = (): string => `${stroke()}${form === 'bars' ? 'bf' : '24'}`;
      return {
        label: name,
        stroke,
        width: form === 'bars' ? 0 : 1.8,
        ...(form !== 'line' && { fill: faint }),
        ...(form === 'bars' && { paths: uPlot.paths.bars!({ size: [0.8, 40], align: -1 }) }),
        points: { show: form !== 'bars', size: 6, fill: stroke, filter: () => [...points] },
        value: (_plot, value: number | null) => (value === null ? '' : `${number(value)} ${unit}`),
      };
    });

  const axes = (): UPlot.Axis[] => {
    const shared: UPlot.Axis = {
      stroke: () => colour('--soft'),
      grid: { stroke: () => colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    return [
      {
        ...shared,
        size: 30,
        incrs: STEPS.map((step) => step * SECOND),
        values: (_plot, splits) => splits.map(clockText),
      },
      { ...shared, size: 56 },
    ];
  };

  const drawMarks =
    (marks: readonly number[]) =>
    (plot: UPlot): void => {
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.strokeStyle = colour('--bad');
      ctx.setLineDash([4, 3]);
      for (const atMs of marks) {
        const x = Math.round(plot.valToPos(atMs, 'x', true));
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    };

  const plots = [...document.querySelectorAll('figure.chart:not(.empty)')].map((figure) => {
    const holder = figure.querySelector('.plot') as HTMLElement;
    const data = JSON.parse(figure.querySelector('script')?.textContent ?? '') as ChartData;
    const untilMs = data.times.at(-1) ?? 1;
    const options: UPlot.Options = {
      width: holder.clientWidth,
      height: HEIGHT,
      ms: 1,
      scales: {
        x: { time: false, range: (_plot, min, max) => [Math.max(0, min === max ? 0 : min), max ?? untilMs] },
        y: { range: (_plot, _min, max) => [0, 1.05 * Math.max(data.leastTop, max ?? 0) || 1] },
      },
      series: [
        { label: 'at', value: (_plot, ms: number | null) => (ms === null ? '' : clockText(ms)) },
        ...seriesOf(data),
      ],
      axes: axes(),
      cursor: { sync: { key: 'run' }, points: { size: 7 } },
      hooks: { draw: [drawMarks(data.marks)] },
    };
    const values = data.series.map((one) => [...one.values]);
    const plot = new uPlot(options, [[...data.times], ...values], holder);
    new ResizeObserver(() => plot.setSize({ width: holder.clientWidth, height: HEIGHT })).observe(holder);
    return plot;
  });
  const theme = matchMedia('(prefers-color-scheme: dark)');
  theme.addEventListener('change', () => plots.forEach((plot) => plot.redraw()));
}
