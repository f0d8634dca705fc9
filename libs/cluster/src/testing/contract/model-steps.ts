import { displayName, type Participant, type Role, type RoomState } from '@skein/protocol';
import fc from 'fast-check';
import type { Placed, RoomStore, RoomWrite } from '../../store/room-store.ts';
import { aRequest, aTrack } from '../builders.ts';

const person = fc.nat(2);
const trackNumber = fc.nat(2);
const nodeId = fc.constantFrom('n1', 'n2', 'n3');
const role = fc.constantFrom<Role[]>('participant', 'participant', 'viewer');
export const act = fc.oneof(
  // How many changes ago the joiner's gateway heard of the room, as far as it goes.
  fc.record({
    ...{ kind: fc.constant('join' as const), person, nodeId, role, knownAgo: fc.nat(8) },
    full: fc.boolean(),
    stay: fc.constantFrom('laptop', 'phone', undefined),
    comesBack: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('move' as const), person, nodeId, stale: fc.boolean() }),
  fc.record({ kind: fc.constant('announce' as const), person, trackNumber, older: fc.boolean() }),
  fc.record({ kind: fc.constant('publish' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('update' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('connection' as const), person, lost: fc.boolean(), stale: fc.boolean() }),
  fc.record({ kind: fc.constant('unpublish' as const), person, trackNumber }),
  fc.record({ kind: fc.constant('leave' as const), person, stale: fc.boolean() }),
);
export type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;
/** Three clients and their profiles: any text, even without a UTF-8 form. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.string({ minLength: 1 }).map((text) => `${text}\ud83d`),
);
export const readableText = anyText.filter((text) => displayName.safeParse(text).success);
export const cast = (text: fc.Arbitrary<string>) =>
  fc.record({
    identities: fc.uniqueArray(text, { minLength: 3, maxLength: 3 }),
    name: text,
    metadata: fc.option(text, { nil: undefined }),
    room: text,
  });
export type Cast = ReturnType<typeof cast> extends fc.Arbitrary<infer Value> ? Value : never;
export const step = fc.oneof(
  { weight: 15, arbitrary: act },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
);
export type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** What the test knows of each person's sessions: the last one, which may be over, and the one before. */
export class Sessions {
  readonly #roles = new Map<string, Role>();
  readonly #last = new Map<string, Participant>();
  readonly #before = new Map<string, Participant>();
  #count = 0;

  last(identity: string): Participant {
    const never = { identity, name: identity, sessionId: 'ses_0', nodeId: 'n1', epoch: 1, joinedAtMs: 1 };
    return this.#last.get(identity) ?? never;
  }

  before(identity: string): Participant {
    return this.#before.get(identity) ?? this.last(identity);
  }

  nextId(): string {
    return `ses_${++this.#count}`;
  }

  /** The last epoch that this stay knows of itself. */
  lastEpoch(identity: string): number {
    return this.before(identity).epoch;
  }

  role({ sessionId }: Participant): Role {
    return this.#roles.get(sessionId) ?? 'participant';
  }

  began(participant: Participant, as: Role): void {
    this.#roles.set(participant.sessionId, as);
    this.#before.set(participant.identity, this.last(participant.identity));
    this.#last.set(participant.identity, participant);
  }
}

/** Carries out one step with the session that the person has as far as the test knows, even an old one. */
export async function carryOut(
  rooms: RoomStore,
  room: string,
  sessions: Sessions,
  one: Act,
  { identities, name, metadata }: Cast,
  seen: readonly RoomState[] = [],
): Promise<RoomWrite | Placed> {
  const identity = identities[one.person] ?? '';
  const session = sessions.last(identity);
  const { epoch, sessionId, nodeId: at } = session;
  switch (one.kind) {
    case 'join':
    case 'move': {
      const candidates = { fallbackNodeId: undefined, openNodeIds: [], preferredNodeId: one.nodeId };
      const as = one.kind === 'join' ? one.role : sessions.role(session);
      const who = { identity, name, metadata, sessionId: sessions.nextId() };
      const request = aRequest({ room, ...who, candidates, role: as });
      const back = one.kind === 'join' && one.comesBack ? sessions.lastEpoch(identity) : undefined;
      const placed =
        one.kind === 'join'
          ? await rooms.place({
              ...request,
              ...{ known: seen.at(-1 - one.knownAgo), stayId: one.stay, lastEpoch: back },
              maxParticipants: one.full ? 2 : 100,
            })
          : await rooms.move({ ...request, fromEpoch: one.stale ? epoch - 1 : epoch, reason: 'drain' });
      sessions.began(placed.participant, as);
      return placed;
    }
    case 'announce': {
      const held = one.older ? sessions.before(identity) : session;
      if (sessions.role(held) === 'viewer')
        return await rooms.announce(room, { participants: [], viewers: [held], tracks: [] });
      const trackId = `${one.person}:${one.trackNumber}`;
      const track = aTrack({ trackId, identity, epoch: held.epoch, nodeId: held.nodeId, name });
      return await rooms.announce(room, { participants: [held], tracks: [track] });
    }
    case 'publish': {
      // Sometimes one that is another's.
      const trackId = `${one.trackNumber === 2 ? 0 : one.person}:${one.trackNumber}`;
      const track = aTrack({ trackId, identity, epoch, nodeId: at, muted: one.muted, name });
      return await rooms.publishTrack(room, sessionId, track);
    }
    case 'update':
      return await rooms.updateTrack(room, session, `${one.person}:${one.trackNumber}`, one.muted);
    case 'connection': {
      const of = one.stale ? { identity, epoch: epoch - 1 } : session;
      return await rooms.updateConnection(room, of, one.lost ? 'lost' : 'connected');
    }
    case 'unpublish':
      return await rooms.unpublishTrack(room, session, `${one.person}:${one.trackNumber}`, 'off');
    case 'leave':
      return await rooms.leave(room, one.stale ? { identity, epoch: epoch - 1 } : session, 'left');
  }
}
