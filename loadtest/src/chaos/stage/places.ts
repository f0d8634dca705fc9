import type { RoomSnapshot } from '@skein/protocol';

/** Each member's placement, by identity. */
export type Places = ReadonlyMap<string, Place>;

interface Place {
  readonly nodeId: string;
  readonly sessionId: string;
  readonly epoch: number;
}

export function placesOf(room: Pick<RoomSnapshot, 'participants'> | undefined): Places {
  return new Map(
    room?.participants.map(({ identity, nodeId, sessionId, epoch }) => [
      identity,
      { nodeId, sessionId, epoch },
    ]),
  );
}

/** Which of `identities` were placed again or removed, in words. `by`: the cause that must not do that. */
export function movedClients(
  identities: readonly string[],
  before: Places,
  after: Places,
  by: string,
): string[] {
  return identities.flatMap((identity) => {
    const [was, is] = [describe(before.get(identity)), describe(after.get(identity))];
    return was === is ? [] : [`${identity} was moved by ${by}: ${was}, then ${is}`];
  });
}

function describe(place: Place | undefined): string {
  return place ? `${place.nodeId}, epoch ${place.epoch}, session ${place.sessionId}` : 'nowhere';
}
