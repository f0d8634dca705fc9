import type { RoomEvents } from '../room/room-events.ts';
import type { Room } from '../room/room.ts';

/** Records the events about participants, tracks and the connection. */
export function recordEvents(room: Room): string[] {
  const emitted: string[] = [];
  const names: (keyof RoomEvents)[] = [
    'participantJoined',
    'participantLeft',
    'trackPublished',
    'trackUnpublished',
    'trackUnsubscribed',
    'localTrackPublished',
    'localTrackUnpublished',
    'sessionClosed',
    'error',
  ];
  for (const name of names) room.on(name, () => emitted.push(name));
  room.on('connectionStateChanged', ({ connection }) => emitted.push(connection.state));
  return emitted;
}
