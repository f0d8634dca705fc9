import type { Participant } from '@skein/protocol';
import { MAX_FOUND_SESSIONS, type NodeServiceClient } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { KnownNode, NodeWatch } from '../nodes/node-watch.ts';

/** Longer than a gateway retries the placement of a participant; until then a session may be missing for a good reason. */
export const LOST_AFTER_MS = 40_000;
/** Participants placed within this time are checked even in rooms that their node carries. */
const NEW_FOR_MS = 300_000;
const FORGET_AFTER_MS = 600_000;
const DEADLINE = { deadlineMs: 1000 };

export interface LostSessionsDeps {
  readonly watch: NodeWatch;
  readonly nodeAt: (grpcAddress: string) => Pick<NodeServiceClient, 'listRooms' | 'findSessions'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Finds participants and viewers whose living node holds no session for them: the node restarted, or their gateway died
 * before it opened the session. The nodes themselves answer.
 */
export class LostSessions {
  readonly #deps: LostSessionsDeps;
  readonly #missingSince = new Map<string, number>();
  #recheckAllUntilMs = -Infinity;
  readonly #rooms = new Map<string, Promise<ReadonlySet<string> | undefined>>();

  constructor(deps: LostSessionsDeps) {
    this.#deps = deps;
  }

  /** After a store fallback, participants who left just before may be stored again, however long ago they joined. */
  recheckAll(): void {
    this.#recheckAllUntilMs = this.#deps.clock.monotonicMs() + NEW_FOR_MS;
  }

  /** Each sweep asks each node for its rooms once. */
  beginSweep(): void {
    this.#rooms.clear();
    const now = this.#deps.clock.monotonicMs();
    for (const [key, sinceMs] of this.#missingSince) {
      if (now - sinceMs > FORGET_AFTER_MS) this.#missingSince.delete(key);
    }
  }

  /** Those of a room whose session has been missing for `LOST_AFTER_MS`. A node that does not answer proves nothing. */
  async lostOf(room: string, participants: readonly Participant[]): Promise<readonly Participant[]> {
    const nodeIds = new Set(participants.map(({ nodeId }) => nodeId));
    const missing = await Promise.all(
      [...nodeIds].map(async (nodeId) => {
        const node = this.#deps.watch.node(nodeId);
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
    const now = this.#deps.clock.monotonicMs();
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

  /** Ids of the sessions that the node holds; `undefined` without a reason to ask, or without an answer. */
  async #sessionsHeld(
    node: KnownNode,
    room: string,
    members: readonly Participant[],
  ): Promise<ReadonlySet<string> | undefined> {
    const rooms = await this.#roomsOf(node);
    if (!rooms) return undefined;
    if (!rooms.has(room)) return new Set();
    if (!members.some((member) => this.#needsCheck(member, node))) return undefined;
    try {
      return await this.#find(
        node,
        members.map(({ sessionId }) => sessionId),
      );
    } catch (error) {
      this.#deps.log.debug(
        { nodeId: node.nodeId, err: error },
        'a node does not say which sessions it holds',
      );
      return undefined;
    }
  }

  async #find({ grpcAddress }: KnownNode, sessionIds: readonly string[]): Promise<ReadonlySet<string>> {
    const node = this.#deps.nodeAt(grpcAddress);
    const held = new Set<string>();
    for (let start = 0; start < sessionIds.length; start += MAX_FOUND_SESSIONS) {
      const asked = sessionIds.slice(start, start + MAX_FOUND_SESSIONS);
      const found = await node.findSessions({ sessionIds: asked }, DEADLINE);
      for (const sessionId of found.sessionIds) held.add(sessionId);
    }
    return held;
  }

  /** Epochs and fences are microseconds of the store's clock: a placement older than this start's lease needs a check. */
  #needsCheck({ epoch }: Participant, { fence }: KnownNode): boolean {
    const { clock, watch } = this.#deps;
    const now = clock.monotonicMs();
    const storeTimeMs = watch.storeTimeMs(now);
    if (now < this.#recheckAllUntilMs || storeTimeMs === undefined) return true;
    return epoch < fence || storeTimeMs - epoch / 1000 < NEW_FOR_MS;
  }

  #roomsOf({ nodeId, grpcAddress }: KnownNode): Promise<ReadonlySet<string> | undefined> {
    const asked = this.#rooms.get(nodeId);
    if (asked) return asked;
    const asking = this.#deps
      .nodeAt(grpcAddress)
      .listRooms({}, DEADLINE)
      .then(
        ({ rooms }) => new Set(rooms),
        (error: unknown) => {
          this.#deps.log.debug({ nodeId, err: error }, 'a node does not list its rooms');
          return undefined;
        },
      );
    this.#rooms.set(nodeId, asking);
    return asking;
  }
}
