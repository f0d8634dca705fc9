import type { PipeServiceHandlers } from '@skein/rpc';
import type { Rooms } from '../rooms/rooms.ts';
import { PipeError } from './errors.ts';
import type { RoomPipes } from './room-pipes.ts';

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
    closePipe: async (request) => ({ closed: rooms.get(request.room)?.pipes.closeFor(request) ?? true }),
  };
}
