import { describe, expect, it } from 'vitest';
import type { PictureSize } from '../media/engine.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { RoomSnapshot } from './snapshot.ts';

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
type TestTrack = Mutable<RemoteTrack>;
type TestParticipant = Mutable<Omit<RemoteParticipant, 'tracks'>> & {
  readonly tracks: Map<string, TestTrack>;
};

/** A room that counts how often a participant or a track is read. */
class TestRoom {
  readonly participants = new Map<string, TestParticipant>();
  readonly errors: unknown[] = [];
  viewers = 0;
  reads = { participants: 0, tracks: 0 };
  readonly store = new SnapshotStore({
    name: 'standup',
    localParticipant: localParticipant(),
    participants: this.participants as ReadonlyMap<string, RemoteParticipant>,
    connection: () => ({ state: 'connected', sessionId: 'ses_me', nodeId: 'n1' }),
    viewers: () => this.viewers,
    subscriptionStatus: () => 'receiving',
    reportError: (error) => this.errors.push(error),
  });

  join(identity: string, ...trackIds: string[]): void {
    const countRead = (): void => void this.reads.participants++;
    const participant = {
      identity,
      name: identity,
      metadata: undefined,
      nodeId: 'n1',
      connection: 'connected',
      joinedAtMs: 0,
      tracks: new Map(trackIds.map((id) => [id, this.#track(id, identity)])),
    } as const;
    this.participants.set(identity, counted(participant, 'joinedAtMs', countRead));
    this.store.participantChanged(identity);
  }

  leave(identity: string): void {
    this.participants.delete(identity);
    this.store.participantLeft(identity);
  }

  setMuted(identity: string, trackId: string, muted: boolean): void {
    this.participants.get(identity)!.tracks.get(trackId)!.muted = muted;
    this.store.participantChanged(identity, trackId);
  }

  takeReads(): { participants: number; tracks: number } {
    const reads = this.reads;
    this.reads = { participants: 0, tracks: 0 };
    return reads;
  }

  #track(id: string, identity: string): TestTrack {
    const track = {
      ...{ id, identity, kind: 'video', source: 'camera', name: undefined, muted: false, nodeId: 'n1' },
      ...{ mimeType: 'video/vp8', spatialLayers: 3, temporalLayers: 3, enabled: true },
      currentLayers: { spatialLayer: 2, temporalLayer: 2 },
      pictureSize: { width: 640, height: 360 } as PictureSize | undefined,
    } as unknown as TestTrack;
    return counted(track, 'mimeType', () => void this.reads.tracks++);
  }
}

function localParticipant(): LocalParticipant {
  return {
    ...{ identity: 'me', name: 'Me', metadata: undefined, role: 'participant' },
    ...{ sessionId: 'ses_me', nodeId: 'n1', tracks: new Map() },
  };
}

/** Calls `read` whenever `property`, which each snapshot of the object reads, is read. */
function counted<Value extends object>(value: Value, property: keyof Value, read: () => void): Value {
  const kept = value[property];
  return Object.defineProperty({ ...value }, property, { get: () => (read(), kept), enumerable: true });
}

const microtasks = (): Promise<void> => Promise.resolve().then(() => undefined);

const deeplyFrozen = (value: unknown): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (Object.isFrozen(value) && Object.values(value).every(deeplyFrozen));

describe('SnapshotStore', () => {
  it('returns the same snapshot until something changes', () => {
    const room = new TestRoom();
    room.join('ada', 'cam');
    const first = room.store.get();
    expect(room.store.get()).toBe(first);
    room.setMuted('ada', 'cam', true);
    const second = room.store.get();
    expect(second).not.toBe(first);
    expect(second.participants[0]?.tracks[0]?.muted).toBe(true);
    expect(first.participants[0]?.tracks[0]?.muted).toBe(false);
  });

  it('returns the same snapshot after changes that revert each other', () => {
    const room = new TestRoom();
    room.join('ada', 'cam');
    const first = room.store.get();
    room.setMuted('ada', 'cam', true);
    room.setMuted('ada', 'cam', false);
    expect(room.store.get()).toBe(first);
  });

  it('keeps the reference of every part that has not changed', () => {
    const room = new TestRoom();
    room.join('ada', 'cam', 'screen');
    room.join('bob', 'bob-cam');
    const first = room.store.get();
    room.setMuted('ada', 'cam', true);
    const second = room.store.get();
    expect(second.localParticipant).toBe(first.localParticipant);
    expect(second.connection).toBe(first.connection);
    expect(second.participants[1]).toBe(first.participants[1]);
    expect(second.participants[0]?.tracks[1]).toBe(first.participants[0]?.tracks[1]);
    expect(second.participants[0]?.tracks[0]?.subscription).toBe(
      first.participants[0]?.tracks[0]?.subscription,
    );
    room.viewers = 5;
    room.store.roomChanged();
    const third = room.store.get();
    expect([third.viewers, third.participants === second.participants]).toEqual([5, true]);
  });

  it('freezes everything that it returns', () => {
    const room = new TestRoom();
    room.join('ada', 'cam');
    expect(deeplyFrozen(room.store.get())).toBe(true);
    room.setMuted('ada', 'cam', true);
    expect(deeplyFrozen(room.store.get())).toBe(true);
  });

  it('replaces a participant that leaves and joins again', () => {
    const room = new TestRoom();
    room.join('ada', 'cam');
    const first = room.store.get();
    room.leave('ada');
    room.join('ada');
    expect(room.store.get().participants).toEqual([{ ...first.participants[0], tracks: [] }]);
  });

  it('notifies once in a microtask for all changes of one task', async () => {
    const room = new TestRoom();
    const seen: RoomSnapshot[] = [];
    room.store.subscribe(() => seen.push(room.store.get()));
    for (let person = 0; person < 10; person++) room.join(`p${person}`, `t${person}`);
    expect(seen).toEqual([]);
    await microtasks();
    expect(seen.map(({ participants }) => participants.length)).toEqual([10]);
  });

  it('does not notify when the changes of a task revert each other', async () => {
    const room = new TestRoom();
    room.join('ada', 'cam');
    let notified = 0;
    room.store.subscribe(() => notified++);
    room.setMuted('ada', 'cam', true);
    room.setMuted('ada', 'cam', false);
    await microtasks();
    room.join('bob');
    room.leave('bob');
    await microtasks();
    expect(notified).toBe(0);
  });

  it('notifies of a change that was read before the notification', async () => {
    const room = new TestRoom();
    let notified = 0;
    room.store.subscribe(() => notified++);
    room.join('ada');
    expect(room.store.get().participants).toHaveLength(1);
    room.store.subscribe(() => undefined);
    await microtasks();
    expect(notified).toBe(1);
  });

  it('notifies again when a listener causes another change', async () => {
    const room = new TestRoom();
    room.join('ada', 'cam');
    const seen: (boolean | undefined)[] = [];
    room.store.subscribe(() => {
      seen.push(room.store.get().participants[0]?.tracks[0]?.muted);
      if (seen.length === 1) room.setMuted('ada', 'cam', false);
    });
    room.setMuted('ada', 'cam', true);
    await microtasks();
    await microtasks();
    expect(seen).toEqual([true, false]);
  });

  it('stops notifying a listener that has unsubscribed, also while it notifies', async () => {
    const room = new TestRoom();
    const notified: string[] = [];
    const unsubscribeFirst = room.store.subscribe(() => {
      notified.push('first');
      unsubscribeSecond();
    });
    const unsubscribeSecond = room.store.subscribe(() => notified.push('second'));
    room.join('ada');
    await microtasks();
    unsubscribeFirst();
    room.join('bob');
    await microtasks();
    expect(notified).toEqual(['first']);
  });

  it('notifies the other listeners when one throws, and reports the error', async () => {
    const room = new TestRoom();
    let notified = 0;
    const error = new Error('a listener failed');
    room.store.subscribe(() => {
      throw error;
    });
    room.store.subscribe(() => notified++);
    room.join('ada');
    await microtasks();
    room.join('bob');
    await microtasks();
    expect([notified, room.errors]).toEqual([2, [error, error]]);
  });

  it('reads nothing before the first snapshot', () => {
    const room = new TestRoom();
    for (let person = 0; person < 1000; person++) room.join(`p${person}`, `t${person}`);
    room.setMuted('p7', 't7', true);
    expect(room.reads).toEqual({ participants: 0, tracks: 0 });
  });

  it('reads only what has changed in a room of 1000 participants', async () => {
    const room = new TestRoom();
    let notified = 0;
    room.store.subscribe(() => notified++);
    for (let person = 0; person < 1000; person++) room.join(`p${person}`, `cam${person}`, `mic${person}`);
    await microtasks();
    expect([notified, room.takeReads()]).toEqual([1, { participants: 1000, tracks: 2000 }]);

    room.setMuted('p500', 'cam500', true);
    await microtasks();
    expect([notified, room.takeReads()]).toEqual([2, { participants: 1, tracks: 1 }]);

    room.viewers++;
    room.store.roomChanged();
    room.leave('p3');
    room.join('late', 'late-cam');
    await microtasks();
    expect([notified, room.takeReads()]).toEqual([3, { participants: 1, tracks: 1 }]);
    expect(room.store.get().participants).toHaveLength(1000);
    expect(room.takeReads()).toEqual({ participants: 0, tracks: 0 });
  });
});
