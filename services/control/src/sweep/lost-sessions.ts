import type { Participant } from '@skein/protocol';
import { MAX_FOUND_SESSIONS, type NodeServiceClient } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeSight, NodeWatch } from '../nodes/node-watch.ts';

/** Longer than a gateway tries to place a participant again: until then a session may be missing for a good reason. */
export const LOST_AFTER_MS = 40_000;
/** A participant placed in this last time is looked for also in a room that its node carries anyway. */
const NEW_FOR_MS = 300_000;
const FORGET_AFTER_MS = 600_000;
const DEADLINE = { deadlineMs: 1000 };

export interface LostSessionsParts {
  readonly watch: NodeWatch;
  readonly nodeAt: (grpcAddress: string) => Pick<NodeServiceClient, 'listRooms' | 'findSessions'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Finds participants and viewers of a living node that holds no session for them, by its own word: it has been started anew, or
 * their gateway died before it opened the session.
 */
export class LostSessions {
  readonly #parts: LostSessionsParts;
  readonly #missingSince = new Map<string, number>();
  #doubtAllUntilMs = -Infinity;
  readonly #rooms = new Map<string, Promise<ReadonlySet<string> | undefined>>();

  constructor(parts: LostSessionsParts) {
    this.#parts = parts;
  }

  /** The store fell back: it may show again who left just before, and whom no node holds any more, however long ago they came. */
  doubtAll(): void {
    this.#doubtAllUntilMs = this.#parts.clock.monotonicMs() + NEW_FOR_MS;
  }

  /** Each node is asked anew for its rooms, once. */
  beginSweep(): void {
    this.#rooms.clear();
    const now = this.#parts.clock.monotonicMs();
    for (const [key, sinceMs] of this.#missingSince) {
      if (now - sinceMs > FORGET_AFTER_MS) this.#missingSince.delete(key);
    }
  }

  /** Those of a room that have been missing for `LOST_AFTER_MS`. A node that does not answer says nothing. */
  async lostOf(room: string, participants: readonly Participant[]): Promise<readonly Participant[]> {
    const nodeIds = new Set(participants.map(({ nodeId }) => nodeId));
    const missing = await Promise.all(
      [...nodeIds].map(async (nodeId) => {
        const node = this.#parts.watch.sight(nodeId);
        const members = participants.filter((one) => one.nodeId === nodeId);
        const held = node && (await this.#sessionsHeld(node, room, members));
        return held ? members.filter(({ sessionId }) => !held.has(sessionId)) : [];
      }),
    );
    return this.#missingForLong(room, participants, missing.flat());
  }

  #missingForLong(
    room: string,
    participants: readonly Participant[],
    missing: readonly Participant[],
  ): readonly Participant[] {
    const now = this.#parts.clock.monotonicMs();
    return participants.filter((participant) => {
      const key = JSON.stringify([room, participant.identity, participant.epoch]);
      if (!missing.includes(participant)) {
        this.#missingSince.delete(key);
        return false;
      }
      const sinceMs = this.#missingSince.get(key) ?? now;
      this.#missingSince.set(key, sinceMs);
      return now - sinceMs >= LOST_AFTER_MS;
    });
  }

  /** Ids of the sessions of a room that the node holds; `undefined` when there is no reason to ask, or no answer. */
  async #sessionsHeld(
    node: NodeSight,
    room: string,
    members: readonly Participant[],
  ): Promise<ReadonlySet<string> | undefined> {
    const rooms = await this.#roomsOf(node);
    if (!rooms) return undefined;
    if (!rooms.has(room)) return new Set();
    if (!members.some((member) => this.#isDoubtful(member, node))) return undefined;
    try {
      return await this.#find(
        node,
        members.map(({ sessionId }) => sessionId),
      );
    } catch (error) {
      this.#parts.log.debug(
        { nodeId: node.nodeId, err: error },
        'a node does not say which sessions it holds',
      );
      return undefined;
    }
  }

  async #find({ grpcAddress }: NodeSight, sessionIds: readonly string[]): Promise<ReadonlySet<string>> {
    const node = this.#parts.nodeAt(grpcAddress);
    const held = new Set<string>();
    for (let start = 0; start < sessionIds.length; start += MAX_FOUND_SESSIONS) {
      const asked = sessionIds.slice(start, start + MAX_FOUND_SESSIONS);
      const found = await node.findSessions({ sessionIds: asked }, DEADLINE);
      for (const sessionId of found.sessionIds) held.add(sessionId);
    }
    return held;
  }

  /** Epochs and fences are microseconds of the store's clock: whoever was placed before this start took its lease is doubtful. */
  #isDoubtful({ epoch }: Participant, { fence }: NodeSight): boolean {
    const { clock, watch } = this.#parts;
    const now = clock.monotonicMs();
    const storeTimeMs = watch.storeTimeMs(now);
    if (now < this.#doubtAllUntilMs || storeTimeMs === undefined) return true;
    return epoch < fence || storeTimeMs - epoch / 1000 < NEW_FOR_MS;
  }

  #roomsOf({ nodeId, grpcAddress }: NodeSight): Promise<ReadonlySet<string> | undefined> {
    const asked = this.#rooms.get(nodeId);
    if (asked) return asked;
    const asking = this.#parts
      .nodeAt(grpcAddress)
      .listRooms({}, DEADLINE)
      .then(
        ({ rooms }) => new Set(rooms),
        (error: unknown) => {
          this.#parts.log.debug({ nodeId, err: error }, 'a node does not list its rooms');
          return undefined;
        },
      );
    this.#rooms.set(nodeId, asking);
    return asking;
  }
}
