import type { RoomFeed, RoomFeedRef, RoomStore } from '@skein/cluster';
import type { RoomState } from '@skein/protocol';
import { mediaKey, trackEpochOf, type MediaKey } from '../media/media-key.ts';
import type { RouterAt } from '../pipes/model/pipe-model.ts';
import type { RoomStateView } from '../sessions/session-room.ts';

/** Deadline of `sync` for the changes that the store has and this node lacks. */
const SYNC_DEADLINE_MS = 1000;

/** A room's state as all nodes see it, for reading. */
export class RoomView implements RoomStateView, Disposable {
  readonly name: string;
  readonly #nodeId: string;
  readonly #feedRef: RoomFeedRef;
  readonly #rooms: Pick<RoomStore, 'heads'>;

  constructor(
    name: string,
    deps: {
      readonly nodeId: string;
      readonly feedRef: RoomFeedRef;
      readonly rooms: Pick<RoomStore, 'heads'>;
    },
  ) {
    this.name = name;
    this.#nodeId = deps.nodeId;
    this.#feedRef = deps.feedRef;
    this.#rooms = deps.rooms;
  }

  get feed(): RoomFeed {
    return this.#feedRef.feed;
  }

  get state(): RoomState | undefined {
    return this.feed.state;
  }

  /** Nodes that host participants or viewers of the room. */
  get nodeIds(): ReadonlySet<string> {
    const placed = [...(this.state?.participants.values() ?? [])].map(({ nodeId }) => nodeId);
    return new Set([...placed, ...this.feed.viewership.nodeIds]);
  }

  get spansNodes(): boolean {
    return [...this.nodeIds].some((nodeId) => nodeId !== this.#nodeId);
  }

  /** Where the room's tracks are published. */
  get trackLocations(): readonly (readonly [MediaKey, RouterAt])[] {
    const tracks = [...(this.state?.tracks.values() ?? [])];
    return tracks.map((track) => {
      const { nodeId, routerId } = track;
      return [mediaKey(track), { nodeId, routerId }] as const;
    });
  }

  isScreen(media: MediaKey): boolean {
    return this.state?.tracks.get(trackEpochOf(media).trackId)?.source === 'screen';
  }

  waitFor(version: number, deadlineMs: number): Promise<RoomState> {
    return this.feed.waitFor(version, deadlineMs);
  }

  async sync(): Promise<void> {
    const [head] = await this.#rooms.heads([this.name]);
    if (!head || head.version <= (this.state?.version ?? -1)) return;
    this.feed.expect(head.version);
    await this.feed.waitFor(head.version, SYNC_DEADLINE_MS);
  }

  [Symbol.dispose](): void {
    this.#feedRef[Symbol.dispose]();
  }
}
