import type { LoadDocument, Sample } from '../document.ts';
import { chartFigure, type Chart, type Series } from './chart.ts';
import type { Markup } from './markup.ts';

/** Wider than that a chart has no points to show. */
const MOST_POINTS = 400;

/** The charts of a run, in the order in which they are read. */
export function charts(document: LoadDocument): Markup[] {
  const stretches = thin(document.samples, MOST_POINTS);
  const times = stretches.map(({ toMs }) => toMs);
  const marks = document.events
    .filter(({ kind }) => kind === 'fault' || kind === 'process')
    .map(({ atMs, text }) => ({ atMs, text }));
  const shared = { times, marks };
  return [...mediaCharts(stretches), ...costCharts(stretches)].map((chart) =>
    chartFigure({ ...chart, ...shared }),
  );
}

type Drawn = Omit<Chart, 'times' | 'marks'>;

function mediaCharts(stretches: readonly Stretch[]): Drawn[] {
  const series = (
    name: string,
    pick: (one: Stretch) => number | undefined,
    form?: Series['form'],
  ): Series => ({
    ...{ name, values: stretches.map(pick) },
    ...(form && { form }),
  });
  const when = (holds: boolean, value: number): number | undefined => (holds ? value : undefined);
  return [
    {
      ...{ title: 'Latency', hint: 'one way, ms', unit: 'ms', leastTop: 5 },
      series: [
        series('p50', ({ latencyMs }) => when(latencyMs.count > 0, latencyMs.p50)),
        series('p95', ({ latencyMs }) => when(latencyMs.count > 0, latencyMs.p95)),
        series('p99', ({ latencyMs }) => when(latencyMs.count > 0, latencyMs.p99)),
      ],
    },
    {
      ...{ title: 'Bitrate', hint: 'all peers together, Mbit/s', unit: 'Mbit/s' },
      series: [
        series('received', ({ receivedBps }) => receivedBps / 1e6, 'area'),
        series('sent', ({ sentBps }) => sentBps / 1e6),
      ],
    },
    {
      ...{ title: 'Loss', hint: 'share of packets, %', unit: '%', leastTop: 0.1 },
      series: [series('loss', ({ loss }) => loss && loss * 100, 'area')],
    },
    {
      ...{
        title: 'Longest gap',
        hint: 'longest time without a packet of any stream, ms',
        unit: 'ms',
        leastTop: 100,
      },
      series: [series('gap', ({ longestGapMs }) => longestGapMs)],
    },
    {
      ...{ title: 'Peers and joins', hint: 'peers that are there; joins in each stretch', unit: '' },
      series: [
        series('peers', ({ peers }) => peers),
        series('joined', ({ joins }) => joins, 'bars'),
        ...(stretches.some(({ joinsFailed }) => joinsFailed > 0)
          ? [series('failed', ({ joinsFailed }) => joinsFailed, 'bars')]
          : []),
      ],
    },
    {
      ...{ title: 'Joining', hint: 'from opening the socket to the answer, ms', unit: 'ms', leastTop: 50 },
      series: [
        series('p50', ({ joinMs }) => when(joinMs.count > 0, joinMs.p50)),
        series('p95', ({ joinMs }) => when(joinMs.count > 0, joinMs.p95)),
      ],
    },
  ];
}

function costCharts(stretches: readonly Stretch[]): Drawn[] {
  const names = [...new Set(stretches.flatMap(({ cpu }) => Object.keys(cpu)))].sort(byImportance);
  const tool: Series[] = [
    { name: 'tool', values: stretches.map(({ toolCpu }) => toolCpu * 100) },
    { name: 'whole machine', values: stretches.map(({ machineBusy }) => machineBusy && machineBusy * 100) },
  ];
  return [
    {
      ...{
        title: 'CPU of the cluster',
        hint: 'each process with all that it started, % of one core',
        unit: '%',
      },
      series: names.map((name) => ({ name, values: stretches.map(({ cpu }) => percent(cpu[name])) })),
    },
    {
      ...{
        title: 'CPU of the tool',
        hint: 'its busiest process, % of one core; the machine, % of all',
        unit: '%',
      },
      series: tool,
      leastTop: 100,
    },
    {
      ...{ title: 'Memory of the cluster', hint: 'resident, MiB', unit: 'MiB' },
      series: names.map((name) => ({
        name,
        values: stretches.map(({ memoryBytes }) => mebibytes(memoryBytes[name])),
      })),
    },
  ];
}

function percent(share: number | undefined): number | undefined {
  return share === undefined ? undefined : share * 100;
}

function mebibytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 2 ** 20;
}

/** Media nodes first, then gateways. */
function byImportance(one: string, other: string): number {
  const rank = (name: string): number =>
    name.startsWith('media-node') ? 0 : name.startsWith('gateway') ? 1 : 2;
  return rank(one) - rank(other) || one.localeCompare(other, 'en', { numeric: true });
}

/** Some neighbouring samples as one point. */
export interface Stretch extends Pick<
  Sample,
  | 'toMs'
  | 'peers'
  | 'joins'
  | 'joinsFailed'
  | 'latencyMs'
  | 'joinMs'
  | 'longestGapMs'
  | 'cpu'
  | 'memoryBytes'
  | 'machineBusy'
> {
  readonly receivedBps: number;
  readonly sentBps: number;
  readonly loss: number | undefined;
  readonly toolCpu: number;
}

/** At most `most` points: rates are means over their stretch, of the rest the worst counts. */
export function thin(samples: readonly Sample[], most: number): Stretch[] {
  const each = Math.max(1, Math.ceil(samples.length / most));
  return Array.from({ length: Math.ceil(samples.length / each) }, (_, at) =>
    stretchOf(samples.slice(at * each, (at + 1) * each)),
  );
}

function stretchOf(samples: readonly Sample[]): Stretch {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) throw new Error('a stretch has at least one sample');
  const sum = (pick: (sample: Sample) => number): number =>
    samples.reduce((total, one) => total + pick(one), 0);
  const seconds = Math.max(0.001, (last.toMs - first.fromMs) / 1000);
  const worst = (pick: (sample: Sample) => Sample['latencyMs']): Sample['latencyMs'] =>
    samples.map(pick).reduce((bad, one) => (one.p99 > bad.p99 ? one : bad));
  const [received, lost] = [
    sum(({ packetsReceived }) => packetsReceived),
    sum(({ packetsLost }) => packetsLost),
  ];
  return {
    ...{ toMs: last.toMs, peers: last.peers, cpu: last.cpu, memoryBytes: last.memoryBytes },
    ...{ joins: sum(({ joins }) => joins), joinsFailed: sum(({ joinsFailed }) => joinsFailed) },
    ...{ latencyMs: worst(({ latencyMs }) => latencyMs), joinMs: worst(({ joinMs }) => joinMs) },
    longestGapMs: Math.max(...samples.map(({ longestGapMs }) => longestGapMs)),
    machineBusy: last.machineBusy,
    receivedBps: (sum(({ bytesReceived }) => bytesReceived) * 8) / seconds,
    sentBps: (sum(({ bytesSent }) => bytesSent) * 8) / seconds,
    loss: received + lost > 0 ? Math.max(0, lost) / (received + lost) : undefined,
    toolCpu: Math.max(...samples.map(({ tool }) => tool.busiestCpu)),
  };
}
