import type { PipeMedia } from './generated/skein/node/v1/PipeMedia.ts';
import type { RoomMedia } from './generated/skein/node/v1/RoomMedia.ts';
import type { RoomMediaPart } from './generated/skein/node/v1/RoomMediaPart.ts';
import type { RoomNames } from './generated/skein/node/v1/RoomNames.ts';
import type { SessionMedia } from './generated/skein/node/v1/SessionMedia.ts';
import { inSlices, jsonBytes, packed, wholePieces, type Piece } from './chunks.ts';
import type { Chunks } from './service-definition.ts';

interface MediaPart {
  readonly media: RoomMedia;
  readonly continues: boolean;
}

export const roomNamesChunks: Chunks<RoomNames, RoomNames> = {
  split: ({ rooms }) =>
    packed<RoomNames>(
      wholePieces(rooms, (part) => part.rooms),
      () => ({ rooms: [] }),
    ),
  merge: (parts) => ({ rooms: parts.flatMap(({ rooms }) => rooms) }),
};

/** A room with a thousand participants on one node has tens of MB, so long sessions and pipes are cut, too. */
export const roomMediaChunks: Chunks<RoomMedia, RoomMediaPart> = {
  split: ({ room, nodeId, version, routerIds, sessions, pipes }) => {
    let ids = routerIds;
    return packed<MediaPart>(
      [...sessions.flatMap(sessionPieces), ...pipes.flatMap(pipePieces)],
      (continues) => {
        const media = { room, nodeId, version, routerIds: ids, sessions: [], pipes: [] };
        ids = [];
        return { continues, media };
      },
    );
  },
  merge: (parts) => {
    const whole: RoomMedia = { room: '', nodeId: '', version: 0, routerIds: [], sessions: [], pipes: [] };
    for (const { media, continues } of parts) {
      if (!media) continue;
      const { room, nodeId, version } = media;
      Object.assign(whole, { room, nodeId, version });
      whole.routerIds.push(...media.routerIds);
      media.sessions.forEach((session, at) => addSession(whole.sessions, session, continues && at === 0));
      const pipeContinues = continues && media.sessions.length === 0;
      media.pipes.forEach((pipe, at) => addPipe(whole.pipes, pipe, pipeContinues && at === 0));
    }
    return whole;
  },
};

function sessionPieces(session: SessionMedia): readonly Piece<MediaPart>[] {
  return inSlices(session.subscriptions).map((subscriptions, index) => {
    const piece = { ...session, subscriptions: [...subscriptions], ...(index > 0 && { trackIds: [] }) };
    const continues = index > 0;
    return {
      ...{ bytes: jsonBytes(piece), continues },
      addTo: ({ media }) => addSession(media.sessions, piece, continues && media.sessions.length > 0),
    };
  });
}

function pipePieces(pipe: PipeMedia): readonly Piece<MediaPart>[] {
  const [into, out] = [inSlices(pipe.tracksIn), inSlices(pipe.tracksOut)];
  return Array.from({ length: Math.max(into.length, out.length) }, (_, index) => {
    const lists = { tracksIn: [...(into[index] ?? [])], tracksOut: [...(out[index] ?? [])] };
    const piece = { ...pipe, ...lists };
    const continues = index > 0;
    return {
      ...{ bytes: jsonBytes(piece), continues },
      addTo: ({ media }) => addPipe(media.pipes, piece, continues && media.pipes.length > 0),
    };
  });
}

function addSession(sessions: SessionMedia[], session: SessionMedia, continues: boolean): void {
  const last = sessions.at(-1);
  if (continues && last) {
    last.trackIds.push(...session.trackIds);
    last.subscriptions.push(...session.subscriptions);
  } else
    sessions.push({ ...session, trackIds: [...session.trackIds], subscriptions: [...session.subscriptions] });
}

function addPipe(pipes: PipeMedia[], pipe: PipeMedia, continues: boolean): void {
  const last = pipes.at(-1);
  if (continues && last) {
    last.tracksIn.push(...pipe.tracksIn);
    last.tracksOut.push(...pipe.tracksOut);
  } else pipes.push({ ...pipe, tracksIn: [...pipe.tracksIn], tracksOut: [...pipe.tracksOut] });
}
