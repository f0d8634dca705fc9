import { formatDuration } from '@skein/runtime';
import type { LoadDocument } from '../document.ts';
import { clockText } from '../format.ts';
import { drawCharts } from './adapters/draw-charts.ts';
import { uplotScript, uplotStyle } from './adapters/uplot-files.ts';
import { charts } from './charts.ts';
import { html, raw, type Markup } from './markup.ts';
import { style } from './style.ts';
import { tables, thresholdTable } from './tables.ts';
import { tiles } from './tiles.ts';

/** A run as one HTML file that needs nothing else: no network, no other file. */
export function htmlReport(document: LoadDocument): string {
  const { scenario, ok } = document;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
        />
        <title>${scenario.name}: ${ok ? 'passed' : 'failed'}</title>
        <style>
          ${raw(uplotStyle() + style)}
        </style>
      </head>
      <body>
        <main>
          ${head(document)}
          <div class="tiles">${tiles(document)}</div>
          ${thresholdTable(document)}
          <h2>Over time</h2>
          <div class="charts">${charts(document)}</div>
          ${tables(document)}
          <footer>Made by the load tool of Skein; every figure is explained in docs/loadtest.md.</footer>
        </main>
        <script>
          ${raw(uplotScript())};
          (${raw(drawCharts.toString())})(${raw(clockText.toString())});
        </script>
      </body>
    </html> `;
  return page.markup;
}

function head({
  scenario,
  ok,
  problems,
  bottlenecks,
  target,
  machine,
  startedAtMs,
  ranMs,
  ended,
}: LoadDocument): Markup {
  const where =
    target.kind === 'own'
      ? `its own cluster: media nodes: ${target.mediaNodes}, workers of each: ${target.workersPerNode}, gateways: ${target.gateways}`
      : `the cluster at ${target.urls.join(', ')}`;
  const when = new Date(startedAtMs).toISOString().replace('T', ' ').slice(0, 19);
  return html`<header>
      <h1>${scenario.name}</h1>
      <span class="badge ${ok ? 'good' : 'bad'}">${ok ? 'passed' : 'failed'}</span>
    </header>
    ${scenario.about !== '' && html`<p>${scenario.about.trim()}</p>`}
    <p class="soft">
      ${when} UTC · ${formatDuration(ranMs)}${ended !== 'finished' && ` (${ended})`} · seed ${scenario.seed} ·
      ${where}
    </p>
    <p class="soft">
      ${machine.cores} cores, ${machine.cpu}, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB ·
      ${machine.system}
    </p>
    ${problems.length > 0 && box('bad', 'Not as it should be', problems)}
    ${bottlenecks.length > 0 && box('warn', 'The tool or its machine was at its limit: these figures tell of that, and not of the cluster', bottlenecks)}`;
}

function box(kind: 'bad' | 'warn', title: string, lines: readonly string[]): Markup {
  return html`<div class="box ${kind}">
    <b>${title}</b>
    <ul>
      ${lines.map((line) => html`<li>${line}</li>`)}
    </ul>
  </div>`;
}
