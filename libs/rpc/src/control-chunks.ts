import type { ListNodesResponse } from './generated/skein/control/v1/ListNodesResponse.ts';
import type { ListRoomsResponse } from './generated/skein/control/v1/ListRoomsResponse.ts';
import type { Pipe } from './generated/skein/control/v1/Pipe.ts';
import type { Room } from './generated/skein/control/v1/Room.ts';
import type { RoomPart } from './generated/skein/control/v1/RoomPart.ts';
import { inSlices, jsonBytes, packed, wholePieces, type Piece } from './chunks.ts';
import type { Chunks } from './service-definition.ts';

interface Part {
  readonly room: Room;
  readonly continues: boolean;
}

export const nodesChunks: Chunks<ListNodesResponse, ListNodesResponse> = {
  split: ({ nodes }) =>
    packed<ListNodesResponse>(
      wholePieces(nodes, (part) => part.nodes),
      () => ({ nodes: [] }),
    ),
  merge: (parts) => ({ nodes: parts.flatMap(({ nodes }) => nodes) }),
};

export const roomsChunks: Chunks<ListRoomsResponse, ListRoomsResponse> = {
  split: ({ rooms, nextPageToken }) =>
    packed<ListRoomsResponse>(
      wholePieces(rooms, (part) => part.rooms),
      () => ({ rooms: [], nextPageToken }),
    ),
  merge: (parts) => ({
    rooms: parts.flatMap(({ rooms }) => rooms),
    nextPageToken: parts.at(-1)?.nextPageToken ?? '',
  }),
};

export const roomChunks: Chunks<Room, RoomPart> = {
  split: (whole) => {
    const { room, version, viewers, participants, tracks, pipes, silentNodeIds } = whole;
    return packed<Part>(
      [
        ...wholePieces<Part, Room['participants'][number]>(participants, (part) => part.room.participants),
        ...wholePieces<Part, Room['tracks'][number]>(tracks, (part) => part.room.tracks),
        ...pipes.flatMap(pipePieces),
        ...wholePieces<Part, string>(silentNodeIds, (part) => part.room.silentNodeIds),
      ],
      (continues) => ({ continues, room: { ...emptyRoom(), room, version, viewers } }),
    );
  },
  merge: (parts) => {
    const whole = emptyRoom();
    for (const { room: part, continues } of parts) {
      if (!part) continue;
      const { room, version, viewers } = part;
      Object.assign(whole, { room, version, viewers });
      whole.participants.push(...part.participants);
      whole.tracks.push(...part.tracks);
      part.pipes.forEach((pipe, at) => addPipe(whole.pipes, pipe, continues && at === 0));
      whole.silentNodeIds.push(...part.silentNodeIds);
    }
    return whole;
  },
};

function emptyRoom(): Room {
  return { room: '', version: 0, viewers: 0, participants: [], tracks: [], pipes: [], silentNodeIds: [] };
}

function pipePieces(pipe: Pipe): readonly Piece<Part>[] {
  const [forward, backward] = [inSlices(pipe.tracksForward), inSlices(pipe.tracksBackward)];
  return Array.from({ length: Math.max(forward.length, backward.length) }, (_, index) => {
    const lists = {
      tracksForward: [...(forward[index] ?? [])],
      tracksBackward: [...(backward[index] ?? [])],
    };
    const piece = { ...pipe, ...lists };
    const continues = index > 0;
    return {
      ...{ bytes: jsonBytes(piece), continues },
      addTo: ({ room }) => addPipe(room.pipes, piece, continues && room.pipes.length > 0),
    };
  });
}

function addPipe(pipes: Pipe[], pipe: Pipe, continues: boolean): void {
  const last = pipes.at(-1);
  if (continues && last) {
    last.tracksForward.push(...pipe.tracksForward);
    last.tracksBackward.push(...pipe.tracksBackward);
  } else
    pipes.push({ ...pipe, tracksForward: [...pipe.tracksForward], tracksBackward: [...pipe.tracksBackward] });
}
