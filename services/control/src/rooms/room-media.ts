import type { StoredSnapshot } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import type { RoomMedia } from '@skein/rpc';

/** Asks one node for its part of a room. */
export type AskNode = (grpcAddress: string, room: string) => Promise<RoomMedia>;

export interface CollectedMedia {
  readonly media: readonly RoomMedia[];
  /** Nodes of the room that have no lease, or gave no answer. */
  readonly silentNodeIds: readonly string[];
}

/** Asks all nodes of the room at the same time. */
export async function collectRoomMedia(
  snapshot: StoredSnapshot,
  addresses: ReadonlyMap<string, string>,
  ask: AskNode,
): Promise<CollectedMedia> {
  const answers = await Promise.all(
    nodesOf(snapshot).map(async (nodeId) => {
      const address = addresses.get(nodeId);
      return {
        nodeId,
        media: address === undefined ? 'silent' : await answerOf(ask(address, snapshot.room)),
      };
    }),
  );
  return {
    media: answers.flatMap(({ media }) => (media === 'silent' || media === 'nothing' ? [] : [media])),
    silentNodeIds: answers.filter(({ media }) => media === 'silent').map(({ nodeId }) => nodeId),
  };
}

/** The nodes of participants, tracks and viewers, sorted. */
export function nodesOf({ participants, tracks, viewership }: StoredSnapshot): string[] {
  const shown = [...participants, ...tracks].map(({ nodeId }) => nodeId);
  return [...new Set([...shown, ...(viewership?.nodeIds ?? [])])].sort();
}

async function answerOf(asked: Promise<RoomMedia>): Promise<RoomMedia | 'nothing' | 'silent'> {
  try {
    return await asked;
  } catch (error) {
    return SkeinError.from(error).code === 'ROOM_NOT_FOUND' ? 'nothing' : 'silent';
  }
}
