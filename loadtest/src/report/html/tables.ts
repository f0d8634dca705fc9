import { distributions, type Distribution } from '../../scenario/threshold-schema.ts';
import type { FailureFigures, LoadDocument, Verdict } from '../document.ts';
import { clockText, formatBytes, formatCount, formatNumber } from '../format.ts';
import { html, type Markup } from './markup.ts';

const OUTCOMES: Readonly<Record<Verdict['outcome'], string>> = {
  met: 'met',
  unmet: 'not met',
  unmeasured: 'not measured',
  skipped: 'only on its own cluster',
};

export function thresholdTable({ verdicts }: LoadDocument): Markup | false {
  if (verdicts.length === 0) return false;
  const rows = verdicts.map(({ figure, limit, measured, outcome }) => {
    const state = outcome === 'met' ? 'good' : outcome === 'skipped' ? '' : 'bad';
    const value = measured === undefined ? '' : formatNumber(measured);
    return html`<tr>
      <td>${figure}</td>
      <td class="n">${value}</td>
      <td class="n">≤ ${formatNumber(limit)}</td>
      <td class="${state}">${OUTCOMES[outcome]}</td>
    </tr>`;
  });
  return html`<h2>Thresholds</h2>
    <div class="card wide">
      <table>
        <tr>
          <th>figure</th>
          <th class="n">measured</th>
          <th class="n">limit</th>
          <th></th>
        </tr>
        ${rows}
      </table>
    </div>`;
}

/** Everything else, for who wants to know. */
export function tables(document: LoadDocument): Markup[] {
  return [
    distributionTable(document),
    html`<div class="pair">${countsTable(document)}${processTable(document)}</div>`,
    failureTable('Joins that failed', document.failures),
    failureTable('Trouble of peers that stayed', document.troubles),
    judgeTable(document),
    eventTable(document),
  ].filter((table) => table !== undefined);
}

function distributionTable({ figures }: LoadDocument): Markup {
  const rows = Object.entries(distributions).flatMap(([name, meaning]) => {
    const { count, mean, p50, p95, p99, max } = figures[name as Distribution];
    if (count === 0) return [];
    const values = [mean, p50, p95, p99, max].map((value) => html`<td class="n">${formatNumber(value)}</td>`);
    return [
      html`<tr>
        <td><b>${name}</b><br /><span class="soft">${meaning}</span></td>
        <td class="n">${formatCount(count)}</td>
        ${values}
      </tr>`,
    ];
  });
  const heads = ['count', 'mean', 'p50', 'p95', 'p99', 'max'].map((head) => html`<th class="n">${head}</th>`);
  return html`<h2>Times, ms</h2>
    <div class="card wide">
      <table>
        <tr>
          <th></th>
          ${heads}
        </tr>
        ${rows}
      </table>
    </div>`;
}

function countsTable({ figures }: LoadDocument): Markup {
  const { nodeBytesPerParticipant, gatewayBytesPerConnection, redisCommandsPerJoin, natsMessagesPerJoin } =
    figures;
  const bytes = (value: number | undefined): string | undefined =>
    value === undefined ? undefined : formatBytes(value);
  const layers = Object.entries(figures.layers).map(([layer, count]) => `${layer}: ${count}`);
  const rows: readonly (readonly [string, string | number | undefined])[] = [
    ['peers, at most', formatCount(figures.peersMost)],
    ['peers lost', figures.peersLost],
    ['peers moved to other nodes', figures.peersMoved],
    ['subscriptions, at most', formatCount(figures.subscriptionsMost)],
    ['silent subscriptions at the end', figures.silentSubscriptions],
    ['video subscriptions by layer at the end', layers.length > 0 ? layers.join(', ') : undefined],
    ['packets sent by peers', formatCount(figures.packetsSent)],
    ['packets received by peers', formatCount(figures.packetsReceived)],
    ['packets lost', formatCount(figures.packetsLost)],
    ['packets that this machine’s sockets had no room for', figures.udpDrops],
    ['frames received', formatCount(figures.framesReceived)],
    ['key frames received', formatCount(figures.keyFramesReceived)],
    ['key frames asked of publishers', formatCount(figures.keyFramesAsked)],
    ['pipes between nodes at the end', figures.pipes],
    ['bytes that went through them', bytes(figures.pipedBytes)],
    ['memory of media nodes per participant', bytes(nodeBytesPerParticipant)],
    ['memory of gateways per connection', bytes(gatewayBytesPerConnection)],
    ['Redis commands per join', redisCommandsPerJoin],
    ['scripts among them', figures.redisScriptsPerJoin],
    ['NATS messages per join', natsMessagesPerJoin],
  ];
  const shown = rows.filter(([, value]) => value !== undefined);
  return html`<section>
    <h2>Counts</h2>
    <div class="card wide">
      <table>
        ${shown.map(
          ([name, value]) =>
            html`<tr>
              <td>${name}</td>
              <td class="n">${value}</td>
            </tr>`,
        )}
      </table>
    </div>
  </section>`;
}

function processTable({ figures }: LoadDocument): Markup | undefined {
  if (figures.processes.length === 0) return undefined;
  const rows = figures.processes.map(
    ({ name, cpu, cpuMost, memoryBytes }) =>
      html`<tr>
        <td>${name}</td>
        <td class="n">${formatNumber(cpu * 100)} %</td>
        <td class="n">${formatNumber(cpuMost * 100)} %</td>
        <td class="n">${formatBytes(memoryBytes)}</td>
      </tr>`,
  );
  return html`<section>
    <h2>Processes under full load</h2>
    <div class="card wide">
      <table>
        <tr>
          <th></th>
          <th class="n">CPU, mean</th>
          <th class="n">most</th>
          <th class="n">memory</th>
        </tr>
        ${rows}
      </table>
    </div>
  </section>`;
}

function failureTable(title: string, failures: readonly FailureFigures[]): Markup | undefined {
  if (failures.length === 0) return undefined;
  const rows = failures.map(
    ({ code, count, message }) =>
      html`<tr>
        <td class="n">${formatCount(count)}</td>
        <td>${code}</td>
        <td>${message}</td>
      </tr>`,
  );
  return html`<h2>${title}</h2>
    <div class="card wide">
      <table>
        ${rows}
      </table>
    </div>`;
}

function judgeTable({ figures }: LoadDocument): Markup | undefined {
  if (figures.judges.length === 0) return undefined;
  const rows = figures.judges.map(
    ({ name, seen, framesPerSecond, freezes, longestFreezeMs, problems }) =>
      html`<tr>
        <td>${name}</td>
        <td class="n">${seen}</td>
        <td class="n">${framesPerSecond}</td>
        <td class="n">${freezes}</td>
        <td class="n">${longestFreezeMs}</td>
        <td>${problems.join('; ')}</td>
      </tr>`,
  );
  return html`<h2>What people saw, in Chromium</h2>
    <div class="card wide">
      <table>
        <tr>
          <th></th>
          <th class="n">people seen</th>
          <th class="n">frames/s</th>
          <th class="n">freezes</th>
          <th class="n">longest, ms</th>
          <th></th>
        </tr>
        ${rows}
      </table>
    </div>`;
}

function eventTable({ events }: LoadDocument): Markup | undefined {
  if (events.length === 0) return undefined;
  const rows = events.map(
    ({ atMs, text }) =>
      html`<tr>
        <td class="n">${clockText(atMs)}</td>
        <td>${text}</td>
      </tr>`,
  );
  return html`<h2>What happened</h2>
    <div class="card wide">
      <table>
        ${rows}
      </table>
    </div>`;
}
