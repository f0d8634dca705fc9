import { summarize, type RoomStats, type TrackStats } from '../media/track-stats.ts';
import type { Publications } from '../publications/publications.ts';
import type { Subscriptions } from '../subscriptions/subscriptions.ts';
import type { LocalParticipant } from './participants.ts';
import type { Roster } from './roster.ts';

export interface StatsReaderDeps {
  readonly localParticipant: LocalParticipant;
  readonly publications: Publications;
  readonly subscriptions: Subscriptions;
  readonly roster: Roster;
  /** Round trip of signaling. */
  roundTripMs(): number | undefined;
}

/** Measures the tracks of a room. Rates are those since the previous call for the same track. */
export class StatsReader {
  readonly #deps: StatsReaderDeps;

  constructor(deps: StatsReaderDeps) {
    this.#deps = deps;
  }

  async room(): Promise<RoomStats> {
    const { localParticipant, publications, roster } = this.#deps;
    const [sent, received] = await Promise.all([
      Promise.all([...publications.tracks.keys()].map((trackId) => this.sent(trackId))),
      Promise.all(roster.tracks().map(({ id }) => this.received(id))),
    ]);
    return {
      nodeId: localParticipant.nodeId,
      signalingRoundTripMs: this.#deps.roundTripMs(),
      sent: sent.filter((track) => track !== undefined),
      received: received.filter((track) => track !== undefined),
    };
  }

  async sent(trackId: string): Promise<TrackStats | undefined> {
    const { localParticipant, publications } = this.#deps;
    const track = publications.tracks.get(trackId);
    const rates = await publications.measure(trackId);
    const { identity, nodeId } = localParticipant;
    if (!track || !rates) return undefined;
    const { kind, source, muted } = track;
    return summarize({ trackId, identity, kind, source, muted, nodeId }, rates);
  }

  async received(trackId: string): Promise<TrackStats | undefined> {
    const track = this.#deps.roster.track(trackId);
    const rates = await this.#deps.subscriptions.measure(trackId);
    if (!track || !rates) return undefined;
    const { identity, kind, source, muted, nodeId, currentLayers: layers } = track;
    return summarize({ trackId, identity, kind, source, muted, nodeId, layers }, rates);
  }
}
