import type { Bus } from '@skein/bus';
import { createMemoryBus } from '@skein/bus/testing';
import { limits, subjects, type VersionedChange, type Viewership } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger, type Logger } from '@skein/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import { publishChanges, readRoomEvents, type RoomEvents } from './room-events.ts';
import { RoomPublisher, VIEWERSHIP_EVERY_MS } from './room-publisher.ts';

let clock: FakeClock;
let bus: Bus;
let told: RoomEvents[];
let publisher: RoomPublisher;

beforeEach(() => {
  clock = new FakeClock();
  bus = createMemoryBus({ clock }).connect('test');
  told = [];
  bus.subscribe(subjects.room('blue'), (data) => told.push(readRoomEvents(data)!));
  publisher = new RoomPublisher({ bus, clock });
});

const viewed = (viewers: number, revision = viewers): { changes: []; viewership: Viewership } => ({
  changes: [],
  viewership: { viewers, nodeIds: ['node-1'], revision },
});
const numbers = (): (number | undefined)[] => told.map(({ viewership }) => viewership?.viewers);

describe('the publisher of a room', () => {
  it('tell a rush of viewers a few times, at last as it is', async () => {
    for (let viewers = 1; viewers <= 200; viewers++) {
      publisher.publish('blue', viewed(viewers));
      await clock.advance(5);
    }
    await clock.advance(VIEWERSHIP_EVERY_MS);
    expect(numbers().length).toBeLessThanOrEqual(2 + 1000 / VIEWERSHIP_EVERY_MS);
    expect([numbers()[0], numbers().at(-1)]).toEqual([1, 200]);
  });

  it('keep the later of two that came in the wrong order', async () => {
    for (const [viewers, revision] of [
      [1, 1],
      [3, 3],
      [2, 2],
    ] as const)
      publisher.publish('blue', viewed(viewers, revision));
    await clock.advance(VIEWERSHIP_EVERY_MS);
    expect(numbers()).toEqual([1, 3]);
  });

  it('tell changes at once, and what waits when they are closed', async () => {
    publisher.publish('blue', viewed(1));
    publisher.publish('blue', {
      ...viewed(2),
      changes: [
        { version: 7, change: { type: 'participantLeft', identity: 'ann', epoch: 1, reason: 'superseded' } },
      ],
    });
    await clock.advance(0);
    expect(told.map(({ changes }) => changes.length)).toEqual([0, 1]);
    publisher.close();
    await clock.advance(0);
    expect(numbers()).toEqual([1, undefined, 2]);
  });

  it('publishes a whole recovered room in order, in messages that the bus accepts', async () => {
    const errors: unknown[] = [];
    const log = { ...silentLogger, error: (fields: unknown) => errors.push(fields) } as Logger;
    bus = createMemoryBus({ clock, log, maxPayloadBytes: limits.busMessageBytes }).connect('test');
    bus.subscribe(subjects.room('blue'), (data) => told.push(readRoomEvents(data)!));
    const changes = Array.from({ length: 300 }, (_, n): VersionedChange => {
      const who = { identity: `p${n}`, name: `p${n}`, metadata: '\u0001'.repeat(limits.metadataLength) };
      const participant = { ...who, sessionId: 's', nodeId: 'n', epoch: 1, joinedAtMs: 1 };
      return { version: n + 1, change: { type: 'participantJoined', participant } };
    });
    publishChanges(bus, 'blue', changes);
    publishChanges(bus, 'blue', changes.slice(0, 8));
    await clock.advance(0);
    expect(errors).toEqual([]);
    const versions = told.flatMap((part) => part.changes.map(({ version }) => version));
    expect(versions).toEqual([...changes, ...changes.slice(0, 8)].map(({ version }) => version));
  });
});
