import type { Percentiles } from '@skein/native-peer/measures';
import { formatDuration } from '@skein/runtime';
import type { LoadDocument, Verdict } from './document.ts';
import { formatBytes, formatRate, formatShare } from './format.ts';

/** What a run came to, for a terminal. */
export function summaryText(document: LoadDocument): string {
  const { scenario, figures, verdicts, problems, bottlenecks, failures, ranMs, ended, ok } = document;
  const lines = [
    `${scenario.name}: ${ok ? 'passed' : 'FAILED'} (${formatDuration(ranMs)}, ${ended}, seed ${scenario.seed})`,
    '',
    row('joins', `${figures.joinsAnswered} of ${figures.joinsPlanned}, ${figures.joinsFailed} failed`),
    row('peers', `${figures.peersMost} at most, ${figures.peersLost} lost, ${figures.peersMoved} moved`),
    row(
      'received',
      `${figures.packetsReceived} packets, ${figures.packetsPerSecond}/s, ${formatRate(figures.receivedBps)}`,
    ),
    row('loss', `${figures.packetsLost} packets, ${formatShare(figures.loss)}`),
    ...distributionRows(document),
    ...costRows(document),
    ...figures.judges.map((judge) =>
      row(
        judge.name,
        `saw ${judge.seen} people at ${judge.framesPerSecond} frames/s, ${judge.freezes} freezes`,
      ),
    ),
  ];
  if (verdicts.length > 0) lines.push('', ...verdicts.map(verdictLine));
  if (failures.length > 0) {
    lines.push(
      '',
      ...failures.map(({ code, count, message }) => `${count} joins failed: ${code}: ${message}`),
    );
  }
  if (bottlenecks.length > 0) {
    lines.push('', 'The tool or its machine was at its limit; the figures tell of that:');
    lines.push(...bottlenecks.map((one) => `  ${one}`));
  }
  if (problems.length > 0) lines.push('', ...problems.map((problem) => `not ok: ${problem}`));
  return lines.join('\n');
}

function row(name: string, text: string): string {
  return `${name.padEnd(14)}${text}`;
}

function distributionRows({ figures }: LoadDocument): string[] {
  const shown: readonly (readonly [string, Percentiles])[] = [
    ['join', figures.joinMs],
    ['first packet', figures.firstPacketMs],
    ['first picture', figures.firstKeyFrameMs],
    ['latency', figures.latencyMs],
    ['jitter', figures.jitterMs],
    ['longest gap', figures.longestGapMs],
  ];
  return shown
    .filter(([, { count }]) => count > 0)
    .map(([name, { p50, p95, p99, max }]) => {
      const values = [p50, p95, p99, max].map((value) => value.toFixed(1));
      return row(name, `p50 ${values[0]}  p95 ${values[1]}  p99 ${values[2]}  max ${values[3]} ms`);
    });
}

function costRows({ figures }: LoadDocument): string[] {
  const { cpuUsPerPacket, nodeBytesPerParticipant, gatewayBytesPerConnection } = figures;
  const { redisCommandsPerJoin, redisScriptsPerJoin, natsMessagesPerJoin, pipes, pipedBytes = 0 } = figures;
  const rows: string[] = [];
  if (cpuUsPerPacket !== undefined)
    rows.push(row('CPU', `${cpuUsPerPacket} us of the media nodes per packet received`));
  if (figures.processes.length > 0) {
    const shares = figures.processes.map(({ name, cpu }) => `${name} ${Math.round(cpu * 100)} %`);
    rows.push(row('', shares.join(', ')));
  }
  if (nodeBytesPerParticipant !== undefined && gatewayBytesPerConnection !== undefined) {
    const [node, gateway] = [formatBytes(nodeBytesPerParticipant), formatBytes(gatewayBytesPerConnection)];
    rows.push(
      row('memory', `${node} per participant in the media nodes, ${gateway} per connection in the gateways`),
    );
  }
  if (redisCommandsPerJoin !== undefined) {
    const nats = natsMessagesPerJoin === undefined ? '' : `, NATS ${natsMessagesPerJoin} messages`;
    rows.push(
      row('per join', `Redis ${redisCommandsPerJoin} commands (${redisScriptsPerJoin} scripts)${nats}`),
    );
  }
  if (pipes !== undefined)
    rows.push(row('pipes', `${pipes} between nodes at the end, ${formatBytes(pipedBytes)} through them`));
  return rows;
}

const MARKS: Readonly<Record<Verdict['outcome'], string>> = {
  met: 'ok  ',
  unmet: 'FAIL',
  unmeasured: '?   ',
  skipped: '-   ',
};

function verdictLine({ figure, limit, measured, outcome }: Verdict): string {
  const value = measured === undefined ? 'not measured' : String(Math.round(measured * 1e6) / 1e6);
  return `${MARKS[outcome]}  ${figure.padEnd(26)}${value} <= ${limit}`;
}
