import type { PipeServiceHandlers } from '@skein/rpc';
import { PipeError } from '../pipes/model/pipe-errors.ts';
import { UNKNOWN_END, type PipeServer } from '../pipes/pipe-server.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** What other nodes request about pipes, routed to the pipe server of the room. */
export function pipeHandlers(rooms: Rooms): PipeServiceHandlers {
  const find = (room: string): PipeServer | undefined => rooms.get(room)?.media.pipes.server;
  const get = (room: string): PipeServer => {
    const server = find(room);
    if (!server) throw PipeError.gone();
    return server;
  };
  return {
    openPipe: async (request) => await get(request.room).open(request),
    pullTrack: async (request, stream) => await get(request.room).pull(request, stream),
    releaseTrack: async (request) => {
      find(request.room)?.release(request);
      return {};
    },
    probePipes: async ({ pipes, givenUp = [] }) => {
      for (const probe of givenUp) rooms.get(probe.room)?.media.pipes.givenUpByPeer(probe);
      const counted = pipes.map(async (probe) => (await find(probe.room)?.count(probe)) ?? UNKNOWN_END);
      return { ends: await Promise.all(counted) };
    },
    offerRelay: async ({ room, originNodeId, givenUp = [] }) => {
      const { server } = rooms.enter(room).media.pipes;
      try {
        return { routerId: await server.offerRelay(originNodeId, givenUp) };
      } finally {
        rooms.release(room);
      }
    },
    closePipe: async (request) => ({ closed: find(request.room)?.close(request) ?? true }),
  };
}
