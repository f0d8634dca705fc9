import type { ClusterSample } from '../measure/cluster/cluster-sample.ts';
import type { PeerReport } from '@skein/native-peer/measures';
import { PeerError, type PeerEvent } from '@skein/native-peer';
import type { RunEvent } from '../report/document.ts';
import { Failures } from './failures.ts';
import type { FleetListener } from './fleet.ts';
import { Timeline, type Interval } from './timeline.ts';

/** The first events are kept; the rest is only counted. */
const MOST_EVENTS = 500;

/** Listens to all peers, and keeps what the document is made of. */
export class Observation implements FleetListener {
  readonly timeline: Timeline;
  readonly events: RunEvent[] = [];
  /** What stood in the way of a whole measurement. */
  readonly problems: string[] = [];
  /** What happened to peers that were not lost. */
  readonly troubles = new Failures();
  /** Peers whose session ended although they did not leave. */
  readonly losses = new Failures();
  peersMoved = 0;
  peersDiedWithProcess = 0;
  readonly #sinceStartMs: () => number;

  constructor(before: ClusterSample, sinceStartMs: () => number) {
    this.timeline = new Timeline(before);
    this.#sinceStartMs = sinceStartMs;
  }

  get peersLost(): number {
    return this.losses.total + this.peersDiedWithProcess;
  }

  note(kind: RunEvent['kind'], text: string): void {
    if (this.events.length < MOST_EVENTS) {
      this.events.push({ atMs: Math.round(this.#sinceStartMs()), kind, text });
    }
  }

  onReport(process: number, report: PeerReport): void {
    this.timeline.add(process, report);
  }

  onEvent(event: PeerEvent): void {
    switch (event.type) {
      case 'connected':
      case 'firstPacket':
      case 'firstKeyFrame':
        return;
      case 'moved':
        this.peersMoved++;
        return this.note('peer', `${event.peerId} moved to ${event.nodeId}`);
      case 'trouble':
        this.troubles.add(new PeerError(event.code, event.message));
        return;
      case 'lost':
        this.losses.add(new PeerError(event.code, event.message));
        return this.note('peer', `${event.peerId} was lost: ${event.code}: ${event.message}`);
    }
  }

  onDeath(reason: string, peers: number): void {
    this.peersDiedWithProcess += peers;
    const why = tellingLine(reason);
    this.problems.push(`${why}; ${peers} peers were in it`);
    this.note('process', why);
  }

  /** A process of the cluster ended that nobody asked to. */
  onServiceExit(what: string): void {
    this.problems.push(what);
    this.note('process', what);
  }

  tick(after: ClusterSample): Interval {
    return this.timeline.tick(this.#sinceStartMs(), after);
  }
}

/** What a process says when it ends begins with a place in a file; the error comes some lines after it. */
function tellingLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  const error = more.find((line) => /^\w*Error\b/.test(line.trim()));
  return error === undefined ? first : `${first.replace(/: file:.*$/, '')}: ${error.trim()}`;
}

export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
