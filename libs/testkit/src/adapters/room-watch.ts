/** What a page's room tells of people and connections. */
export interface RoomFacts {
  readonly state: string;
  /** The signaling address in use. */
  readonly gateway: string;
  readonly nodeId: string;
  /** Everyone who left since `watchRoom`, in order. */
  readonly left: readonly string[];
  /** Others in the room with their connection, by identity. */
  readonly others: Readonly<Record<string, string | undefined>>;
}

interface Person {
  readonly identity: string;
  readonly connection?: string;
}

interface WatchedPage {
  skeinRoom?: {
    readonly connection: { readonly state: string };
    readonly gateways: readonly string[];
    readonly localParticipant: { readonly nodeId: string };
    readonly participants: ReadonlyMap<string, Person>;
    on(event: 'participantLeft', listener: (payload: { participant: Person }) => void): unknown;
  };
  skeinLeft?: string[];
}

/** Runs inside the page: from now on `roomFacts` tells who left. */
export function watchRoom(): void {
  const page = window as unknown as WatchedPage;
  const left: string[] = [];
  page.skeinLeft = left;
  page.skeinRoom!.on('participantLeft', ({ participant }) => left.push(participant.identity));
}

/** Runs inside the page. */
export function roomFacts(): RoomFacts {
  const { skeinRoom: room, skeinLeft: left = [] } = window as unknown as WatchedPage;
  if (!room) return { state: 'none', gateway: '', nodeId: '', left, others: {} };
  const others = [...room.participants.values()].map(
    ({ identity, connection }) => [identity, connection] as const,
  );
  return {
    state: room.connection.state,
    gateway: room.gateways[0] ?? '',
    nodeId: room.localParticipant.nodeId,
    left,
    others: Object.fromEntries(others),
  };
}
