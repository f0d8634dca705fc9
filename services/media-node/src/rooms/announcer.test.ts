import type { RoomStore, RoomWrite } from '@skein/cluster';
import { SkeinError, type Participant, type Track } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it, vi } from 'vitest';
import type { SessionSnapshot } from '../sessions/session-room.ts';
import { roomAnnouncer } from './announcer.ts';
import { Outbox } from './outbox.ts';
import { Throttle } from './throttle.ts';

it('a restore writes the present sessions, above every version known of the room', async () => {
  const clock = new FakeClock();
  const announced: unknown[] = [];
  let down = true;
  const rooms: Partial<RoomStore> = {
    announce: (room, held) => {
      if (down) return Promise.reject(SkeinError.unavailable('the store'));
      announced.push({ room, ...held });
      return Promise.resolve({ changes: [] });
    },
  };
  const shared = { log: silentLogger, onWritten: () => {} };
  const outbox = new Outbox({ clock, random: seededRandom(1), ...shared });
  const throttle = new Throttle({ clock, everyMs: 100 });
  const announce = roomAnnouncer('lobby', { rooms: rooms as RoomStore, outbox, throttle, ...shared });
  const ann = { identity: 'ann' } as Participant;
  const mic = { trackId: 'mic' } as Track;
  const viv = { identity: 'viv' } as Participant;
  let held: SessionSnapshot[] = [
    { role: 'participant', participant: ann, tracks: [mic] },
    { role: 'viewer', participant: viv, tracks: [] },
    { role: 'participant', participant: { identity: 'bob' } as Participant, tracks: [] },
  ];
  let version = 7;

  await announce.restore(
    () => held,
    () => version,
  );
  held = held.slice(0, 2);
  version = 9;
  down = false;
  await clock.advance(10_000);
  expect(announced).toEqual([
    { room: 'lobby', participants: [ann], viewers: [viv], tracks: [mic], knownVersion: 9 },
  ]);
});

it('one session that the store rejects does not block the others, and is logged', async () => {
  const clock = new FakeClock();
  const rooms: Partial<RoomStore> = {
    announce: (_, { participants, viewers = [] }) => {
      const members = [...participants, ...viewers];
      if (members.some(({ identity }) => identity === 'evil'))
        return Promise.reject(SkeinError.invalidArgument('metadata', 'must be well-formed Unicode'));
      const changes = participants.map((participant, at) => ({
        version: at + 1,
        change: { type: 'participantJoined' as const, participant },
      }));
      const viewership =
        viewers.length > 0 ? { viewers: viewers.length, nodeIds: ['n'], revision: 3 } : undefined;
      return Promise.resolve({ changes, viewership });
    },
  };
  const written: RoomWrite[] = [];
  const warn = vi.fn<() => void>();
  const shared = {
    log: { ...silentLogger, warn },
    onWritten: (_: string, write: RoomWrite) => written.push(write),
  };
  const outbox = new Outbox({ clock, random: seededRandom(1), ...shared });
  const throttle = new Throttle({ clock, everyMs: 100 });
  const announce = roomAnnouncer('lobby', { rooms: rooms as RoomStore, outbox, throttle, ...shared });
  const people = ['ann', 'evil', 'bob'].map((identity): SessionSnapshot => ({
    ...{ role: 'participant', tracks: [] },
    participant: { identity } as Participant,
  }));
  const viv: SessionSnapshot = {
    role: 'viewer',
    participant: { identity: 'viv' } as Participant,
    tracks: [],
  };
  await announce.restore(
    () => [...people, viv],
    () => 7,
  );
  const joined = written[0]?.changes.map(
    ({ change }) => 'participant' in change && change.participant.identity,
  );
  expect(joined).toEqual(['ann', 'bob']);
  expect(written[0]?.viewership).toMatchObject({ viewers: 1 });
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ room: 'lobby', count: 1 }),
    'the store rejected sessions of this node',
  );
});
