import type { PipeProbe } from '@skein/rpc';
import { SingleFlight, type Clock } from '@skein/runtime';
import type { MediaSource } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import { PipeError } from '../model/pipe-errors.ts';
import type { PeerPipes } from '../pipe-executor.ts';
import type { RouterAt } from '../planning/pipe-plan.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';

/** A router of the room that stays for as long as it is held. */
export interface RelaySeat extends Disposable {
  readonly router: { readonly id: string };
}

/** What a node that relays needs of its room. */
export interface RelayRoom {
  /** The router through which tracks of other nodes come in, if the room has one here. */
  hub(): string | undefined;
  /** Fails `UNAVAILABLE` when no worker runs. */
  takeSeat(): Promise<RelaySeat>;
  /** Holds the need for a track of another node at a router; the pipes follow. */
  need(media: MediaKey, origin: RouterAt, routerId: string): Disposable;
  /** The track once it is at the router. Fails `PIPE_FAILED` after `deadlineMs`. */
  source(routerId: string, media: MediaKey, deadlineMs: number, signal: AbortSignal): Promise<MediaSource>;
}

export interface RelayDeskParts {
  readonly room: RelayRoom;
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  /** Nothing is relayed here any more. */
  readonly onIdle: () => void;
}

/** How long the origin may take to answer before this node says that it cannot relay. */
const REACH_DEADLINE_MS = 500;

/** What this node does for nodes that cannot reach each other, in one room: it may have nobody of the room itself. */
export class RelayDesk {
  readonly #parts: RelayDeskParts;
  readonly #pulls = new Map<MediaKey, number>();
  readonly #seating = new SingleFlight<'seat', RelaySeat>();
  #seat: RelaySeat | undefined;
  #lease: Disposable | undefined;
  #closed = false;

  constructor(parts: RelayDeskParts) {
    this.#parts = parts;
  }

  /** Whether the room is needed here for others. */
  get busy(): boolean {
    return this.#lease !== undefined || this.#pulls.size > 0;
  }

  /** Tracks that others pull through here. */
  get media(): ReadonlySet<MediaKey> {
    return new Set(this.#pulls.keys());
  }

  /**
   * A router to pull through, kept for the lease. The origin is told which pipes the asking node has given up. Fails
   * `UNAVAILABLE` when the origin does not answer here either.
   */
  async offer(originNodeId: string, givenUp: readonly PipeProbe[]): Promise<string> {
    await this.#reach(originNodeId, givenUp);
    this.#keep();
    const { room } = this.#parts;
    const hub = room.hub();
    if (hub !== undefined) return hub;
    const seat = await this.#seating.run('seat', () => room.takeSeat());
    this.#hold(seat);
    return seat.router.id;
  }

  /** The track at a router here, straight from its origin, needed until the answer is disposed. */
  async pull(
    wanted: { readonly media: MediaKey; readonly origin: RouterAt; readonly routerId: string },
    signal: AbortSignal,
  ): Promise<{ readonly source: MediaSource; readonly need: Disposable }> {
    const { room, policy } = this.#parts;
    const need = this.#need(wanted.media, room.need(wanted.media, wanted.origin, wanted.routerId));
    try {
      const source = await room.source(wanted.routerId, wanted.media, policy.pullDeadlineMs * 0.75, signal);
      return { source, need };
    } catch (error) {
      need[Symbol.dispose]();
      throw PipeError.cannotRelay(wanted.origin.nodeId, error);
    }
  }

  /** The router went with its worker. */
  routerLost(routerId: string): void {
    if (this.#seat?.router.id !== routerId) return;
    this.#seat[Symbol.dispose]();
    this.#seat = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#lease?.[Symbol.dispose]();
    this.#seat?.[Symbol.dispose]();
  }

  #hold(seat: RelaySeat): void {
    if (this.#seat === seat) return;
    if (this.#closed) return seat[Symbol.dispose]();
    this.#seat?.[Symbol.dispose]();
    this.#seat = seat;
  }

  #need(media: MediaKey, room: Disposable): Disposable {
    this.#pulls.set(media, (this.#pulls.get(media) ?? 0) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const left = (this.#pulls.get(media) ?? 1) - 1;
        if (left > 0) this.#pulls.set(media, left);
        else this.#pulls.delete(media);
        room[Symbol.dispose]();
        // The puller may be about to pull again.
        this.#keep();
      },
    };
  }

  #keep(): void {
    if (this.#closed) return;
    this.#lease?.[Symbol.dispose]();
    this.#lease = this.#parts.clock.after(this.#parts.policy.relayLeaseMs, () => {
      this.#lease = undefined;
      if (this.busy) return;
      this.#seat?.[Symbol.dispose]();
      this.#seat = undefined;
      this.#parts.onIdle();
    });
  }

  async #reach(originNodeId: string, givenUp: readonly PipeProbe[]): Promise<void> {
    try {
      const client = await this.#parts.peers.client(originNodeId);
      await client.probePipes({ pipes: [], givenUp: [...givenUp] }, { deadlineMs: REACH_DEADLINE_MS });
    } catch (error) {
      throw PipeError.cannotRelay(originNodeId, error);
    }
  }
}
