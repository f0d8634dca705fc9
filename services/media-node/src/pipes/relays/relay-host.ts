import type { PipeProbe } from '@skein/rpc';
import { SingleFlight, type Clock } from '@skein/runtime';
import type { MediaSource, RouterSlot } from '../../media/engine.ts';
import { trackEpochOf, type MediaKey } from '../../media/media-key.ts';
import type { PeerPipes } from '../model/peer-pipes.ts';
import { PipeError } from '../model/pipe-errors.ts';
import type { RouterAt } from '../model/pipe-model.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { PipeRoom } from '../model/pipe-room.ts';

export interface RelayHostDeps {
  readonly room: PipeRoom;
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  /** Called when nothing is relayed here any more. */
  readonly onIdle: () => void;
}

/** Ends of pipes that a relay needs: one to the origin, one to the puller. */
const RELAY_PIPES = 2;
/** How long the origin may take to answer before this node declines to relay. */
const REACH_DEADLINE_MS = 500;

/** Relays tracks of one room between nodes that cannot reach each other. No participant of the room need be here. */
export class RelayHost {
  readonly #deps: RelayHostDeps;
  readonly #pulls = new Map<MediaKey, number>();
  readonly #placing = new SingleFlight<'slot', RouterSlot>();
  #slot: RouterSlot | undefined;
  #lease: Disposable | undefined;
  #closed = false;

  constructor(deps: RelayHostDeps) {
    this.#deps = deps;
  }

  /** Whether other nodes need the room here. */
  get busy(): boolean {
    return this.#lease !== undefined || this.#pulls.size > 0;
  }

  /** Tracks that other nodes pull through here. */
  get media(): ReadonlySet<MediaKey> {
    return new Set(this.#pulls.keys());
  }

  /**
   * A router to pull through, kept for the lease. Notifies the origin of the pipes that the asking node has given up.
   * Fails `UNAVAILABLE` when the origin does not answer here either.
   */
  async offer(originNodeId: string, givenUp: readonly PipeProbe[]): Promise<string> {
    await this.#reach(originNodeId, givenUp);
    this.#renewLease();
    const { room } = this.#deps;
    if (room.hub !== undefined) return room.hub;
    const slot = await this.#placing.run('slot', () => room.takeRouterSlot({ transports: RELAY_PIPES }));
    this.#hold(slot);
    return slot.router.id;
  }

  /** The track at a router here, directly from its origin, until `demand` is disposed. */
  async pull(
    wanted: { readonly media: MediaKey; readonly origin: RouterAt; readonly routerId: string },
    signal: AbortSignal,
  ): Promise<{ readonly source: MediaSource; readonly demand: Disposable }> {
    const { room, policy } = this.#deps;
    const { media, origin, routerId } = wanted;
    const demand = this.#count(media, room.holdRelayDemand({ ...trackEpochOf(media), ...origin }, routerId));
    try {
      const source = await room.waitForSource(routerId, media, policy.pullDeadlineMs * 0.75, signal);
      return { source, demand };
    } catch (error) {
      demand[Symbol.dispose]();
      throw PipeError.cannotRelay(origin.nodeId, error);
    }
  }

  /** The router died with its worker. */
  routerLost(routerId: string): void {
    if (this.#slot?.router.id !== routerId) return;
    this.#slot[Symbol.dispose]();
    this.#slot = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#lease?.[Symbol.dispose]();
    this.#slot?.[Symbol.dispose]();
  }

  #hold(slot: RouterSlot): void {
    if (this.#slot === slot) return;
    if (this.#closed) return slot[Symbol.dispose]();
    this.#slot?.[Symbol.dispose]();
    this.#slot = slot;
  }

  #count(media: MediaKey, demand: Disposable): Disposable {
    this.#pulls.set(media, (this.#pulls.get(media) ?? 0) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        const left = (this.#pulls.get(media) ?? 1) - 1;
        if (left > 0) this.#pulls.set(media, left);
        else this.#pulls.delete(media);
        demand[Symbol.dispose]();
        // The puller may be about to pull again.
        this.#renewLease();
      },
    };
  }

  #renewLease(): void {
    if (this.#closed) return;
    this.#lease?.[Symbol.dispose]();
    this.#lease = this.#deps.clock.after(this.#deps.policy.relayLeaseMs, () => {
      this.#lease = undefined;
      if (this.busy) return;
      this.#slot?.[Symbol.dispose]();
      this.#slot = undefined;
      this.#deps.onIdle();
    });
  }

  async #reach(originNodeId: string, givenUp: readonly PipeProbe[]): Promise<void> {
    try {
      const client = await this.#deps.peers.client(originNodeId);
      await client.probePipes({ pipes: [], givenUp: [...givenUp] }, { deadlineMs: REACH_DEADLINE_MS });
    } catch (error) {
      throw PipeError.cannotRelay(originNodeId, error);
    }
  }
}
