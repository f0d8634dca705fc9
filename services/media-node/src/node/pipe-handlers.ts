import type { PipeServiceHandlers } from '@skein/rpc';
import type { Rooms } from '../rooms/rooms.ts';
import { PipeError } from '../pipes/model/pipe-errors.ts';
import type { RoomPipes } from '../pipes/room-pipes.ts';

const GONE = { known: false, late: false, sentBytes: 0, receivedBytes: 0 };

/** What other nodes ask about pipes, handed to the room that it is about. */
export function pipeHandlers(rooms: Rooms): PipeServiceHandlers {
  const pipesOf = (room: string): RoomPipes => {
    const host = rooms.get(room);
    if (!host) throw PipeError.gone();
    return host.pipes;
  };
  return {
    openPipe: async (request) => await pipesOf(request.room).open(request),
    pullTrack: async (request, stream) => await pipesOf(request.room).pull(request, stream),
    releaseTrack: async (request) => {
      rooms.get(request.room)?.pipes.release(request);
      return {};
    },
    probePipes: async ({ pipes, givenUp = [] }) => {
      for (const probe of givenUp) rooms.get(probe.room)?.pipes.givenUpByPeer(probe);
      const counted = pipes.map(async (probe) => (await rooms.get(probe.room)?.pipes.count(probe)) ?? GONE);
      return { ends: await Promise.all(counted) };
    },
    offerRelay: async ({ room, originNodeId, givenUp = [] }) => {
      const host = rooms.enter(room);
      try {
        return { routerId: await host.pipes.offerRelay(originNodeId, givenUp) };
      } finally {
        rooms.release(room);
      }
    },
    closePipe: async (request) => ({ closed: rooms.get(request.room)?.pipes.closeFor(request) ?? true }),
  };
}
