import { mergeHistograms, type HistogramData } from './histogram.ts';

/** What peers measured since the last report: sums, and histograms that add up. Times are in ms. */
export interface PeerMeasures {
  /** Socket being opened -> join answered, of the joins that were answered. */
  readonly joinMs: HistogramData;
  /** `join` sent -> answered: what the cluster takes, without opening the socket. */
  readonly answerMs: HistogramData;
  /** Join begun -> first RTP packet, per peer that subscribes. */
  readonly firstPacketMs: HistogramData;
  /** Join begun -> first whole video key frame, per peer that subscribes. */
  readonly firstKeyFrameMs: HistogramData;
  /** One way, publisher's `send` -> receiver's handler, per stamped packet; only between peers of this machine. */
  readonly latencyMs: HistogramData;
  /** The longest time without a packet, per flowing subscription and report. */
  readonly gapMs: HistogramData;
  /** Interarrival jitter (RFC 3550 §6.4.1), per flowing subscription and report. */
  readonly jitterMs: HistogramData;

  readonly packetsReceived: number;
  readonly bytesReceived: number;
  /** By sequence numbers (RFC 3550 A.3). A report may have fewer than 0, when late packets make up for earlier losses. */
  readonly packetsLost: number;
  readonly packetsDuplicate: number;
  readonly framesReceived: number;
  readonly keyFramesReceived: number;
  readonly packetsSent: number;
  readonly bytesSent: number;
  /** Packets that were sent more than 10 ms after they were due: then the tool is too slow. */
  readonly lateSends: number;
  /** Key frame requests (PLI, FIR) that publishers got. */
  readonly keyFramesAsked: number;

  readonly joins: number;
  readonly joinFailures: Readonly<Record<string, number>>;
}

/** What is, at the time of a report. */
export interface PeerState {
  readonly peers: number;
  readonly publishing: number;
  readonly subscriptions: number;
  /** Subscriptions that got a packet since the last report. */
  readonly flowing: number;
  /** Video subscriptions by the spatial layer they receive, as the server says; `none` for nothing. */
  readonly layers: Readonly<Record<string, number>>;
}

/** Whether the tool itself kept up: if not, what it measured says little about the cluster. */
export interface ToolHealth {
  /** User and system time of the process, ms per report. */
  readonly cpuMs: number;
  readonly intervalMs: number;
  /** How late the event loop ran a timer, ms. */
  readonly loopDelayMs: HistogramData;
  readonly rssBytes: number;
}

/** One report: of one process, or of several put together. */
export interface PeerReport {
  /** Wall clock, ms since 1970. */
  readonly atMs: number;
  readonly measures: PeerMeasures;
  readonly state: PeerState;
  readonly tool: ToolHealth;
}

const HISTOGRAMS = [
  'joinMs',
  'answerMs',
  'firstPacketMs',
  'firstKeyFrameMs',
  'latencyMs',
  'gapMs',
  'jitterMs',
] as const satisfies readonly (keyof PeerMeasures)[];
const COUNTS = [
  'packetsReceived',
  'bytesReceived',
  'packetsLost',
  'packetsDuplicate',
  'framesReceived',
  'keyFramesReceived',
  'packetsSent',
  'bytesSent',
  'lateSends',
  'keyFramesAsked',
  'joins',
] as const satisfies readonly (keyof PeerMeasures)[];

type CountName = (typeof COUNTS)[number];
type HistogramName = (typeof HISTOGRAMS)[number];
export type MeasuredCounts = Record<CountName, number>;

export function zeroCounts(): MeasuredCounts {
  return Object.fromEntries(COUNTS.map((name) => [name, 0])) as MeasuredCounts;
}

/** Sums, over processes or over time. Of nothing: all zero. */
export function mergeMeasures(all: readonly PeerMeasures[]): PeerMeasures {
  const counts = Object.fromEntries(COUNTS.map((name) => [name, total(all.map((one) => one[name]))]));
  const histograms = Object.fromEntries(
    HISTOGRAMS.map((name) => [name, mergeHistograms(all.map((one) => one[name]))]),
  );
  return {
    ...(counts as MeasuredCounts),
    ...(histograms as Record<HistogramName, HistogramData>),
    joinFailures: mergeTallies(all.map(({ joinFailures }) => joinFailures)),
  };
}

/** The reports of several processes of about the same moment as one. */
export function mergeReports(reports: readonly PeerReport[]): PeerReport {
  return {
    atMs: Math.max(0, ...reports.map(({ atMs }) => atMs)),
    measures: mergeMeasures(reports.map(({ measures }) => measures)),
    state: mergeStates(reports.map(({ state }) => state)),
    tool: mergeTools(reports.map(({ tool }) => tool)),
  };
}

function mergeStates(states: readonly PeerState[]): PeerState {
  return {
    peers: total(states.map(({ peers }) => peers)),
    publishing: total(states.map(({ publishing }) => publishing)),
    subscriptions: total(states.map(({ subscriptions }) => subscriptions)),
    flowing: total(states.map(({ flowing }) => flowing)),
    layers: mergeTallies(states.map(({ layers }) => layers)),
  };
}

function mergeTools(tools: readonly ToolHealth[]): ToolHealth {
  return {
    cpuMs: total(tools.map(({ cpuMs }) => cpuMs)),
    intervalMs: Math.max(0, ...tools.map(({ intervalMs }) => intervalMs)),
    loopDelayMs: mergeHistograms(tools.map(({ loopDelayMs }) => loopDelayMs)),
    rssBytes: total(tools.map(({ rssBytes }) => rssBytes)),
  };
}

export function emptyMeasures(): PeerMeasures {
  return mergeMeasures([]);
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

function mergeTallies(tallies: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const tally of tallies)
    for (const [name, count] of Object.entries(tally)) merged[name] = (merged[name] ?? 0) + count;
  return merged;
}
