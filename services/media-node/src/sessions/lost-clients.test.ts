import {
  grantsOfRole,
  routerRtpCapabilities,
  type Participant,
  type ParticipantConnection,
} from '@skein/protocol';
import { Emitter } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import type { ClientTransport } from '../media/engine.ts';
import type { RoomAnnouncer, SessionRoom, SessionRoomMedia } from './session-room.ts';
import { Session } from './session.ts';

const GRACE_MS = 15_000;

/** One session without a worker and without a store, whose gateway and whose media a test holds in its hands. */
class Fixture {
  readonly clock = new FakeClock();
  readonly transports: ClientTransport[] = [];
  /** What the room was told of the client's connection. */
  readonly shown: ParticipantConnection[] = [];
  readonly left: string[] = [];
  readonly told: unknown[] = [];
  readonly session: Session;
  #resumeToken = '';
  #attachment = 0;

  constructor() {
    const name = { room: 'blue', identity: 'ada', sessionId: 'ses_ada', epoch: 7, nodeId: 'n1' };
    this.session = new Session(name, this.#room(), () => undefined);
  }

  async open(viewer = false): Promise<this> {
    const answer = await this.session.open({
      identity: 'ada',
      roomVersion: 1,
      rtpCapabilities: routerRtpCapabilities,
      autoSubscribe: false,
      grants: grantsOfRole[viewer ? 'viewer' : 'participant'],
      transports: [{ direction: 'send' }, { direction: 'receive' }],
      entry: viewer ? ada : undefined,
    });
    [this.#resumeToken, this.#attachment] = [answer.resumeToken, answer.attachment];
    for (const { events } of this.transports) events.emit('path', { path: 'connected' });
    return this;
  }

  async socketLost(graceMs = GRACE_MS): Promise<void> {
    await this.session.handle('detach', { attachment: this.#attachment, graceMs });
  }

  async back(): Promise<void> {
    const answer = (await this.session.handle('attach', { resumeToken: this.#resumeToken })) as {
      readonly resumeToken: string;
      readonly attachment: number;
    };
    [this.#resumeToken, this.#attachment] = [answer.resumeToken, answer.attachment];
  }

  mediaLost(): void {
    for (const { events } of this.transports) events.emit('path', { path: 'gone' });
  }

  #room(): SessionRoom {
    const announce: Partial<RoomAnnouncer> = {
      connection: async (_, connection) => void this.shown.push(connection()),
      left: async (_, reason) => void this.left.push(reason),
      leftUnlessMoved: (_, reason) => void this.left.push(`${reason}, unless moved`),
    };
    let ids = 0;
    const room: Partial<SessionRoom> = {
      name: 'blue',
      nodeId: 'n1',
      clock: this.clock,
      ids: (prefix) => `${prefix}_${++ids}`,
      log: silentLogger,
      announce: announce as RoomAnnouncer,
      view: {
        state: undefined,
        waitFor: async () => ({
          room: 'blue',
          version: 1,
          participants: new Map([['ada', ada]]),
          tracks: new Map(),
        }),
        sync: async () => {},
      },
      media: {
        takeRouterSlot: async () => ({
          router: { id: 'r1', createClientTransport: async () => this.#transport() } as never,
          [Symbol.dispose]: () => undefined,
        }),
        isReceived: () => false,
      } as Partial<SessionRoomMedia> as SessionRoomMedia,
      notify: (_, event) => void this.told.push(event),
    };
    return room as SessionRoom;
  }

  #transport(): ClientTransport {
    const transport = { id: 't', offer: {}, events: new Emitter(), close: () => undefined };
    this.transports.push(transport as unknown as ClientTransport);
    return transport as unknown as ClientTransport;
  }
}

const ada: Participant = {
  identity: 'ada',
  name: 'Ada',
  sessionId: 'ses_ada',
  nodeId: 'n1',
  epoch: 7,
  joinedAtMs: 1,
};

describe('a client whose socket is lost', () => {
  it('a client is shown as lost after 1.5 s, and as connected when it returns', async () => {
    const fixture = await new Fixture().open();
    await fixture.socketLost();
    await fixture.clock.advance(1499);
    expect(fixture.shown).toEqual([]);
    await fixture.clock.advance(1);
    expect(fixture.shown).toEqual(['lost']);
    expect(fixture.session.snapshot?.participant.connection).toBe('lost');
    await fixture.back();
    expect(fixture.shown).toEqual(['lost', 'connected']);
    expect(fixture.session.snapshot?.participant).toEqual(ada);
  });

  it('a client that returns at once was never shown as lost', async () => {
    const fixture = await new Fixture().open();
    await fixture.socketLost();
    await fixture.clock.advance(1000);
    await fixture.back();
    await fixture.clock.advance(60_000);
    expect(fixture.shown).toEqual([]);
  });

  it('a client leaves the room when its grace period is over', async () => {
    const fixture = await new Fixture().open();
    await fixture.socketLost();
    await fixture.clock.advance(GRACE_MS - 1);
    expect(fixture.left).toEqual([]);
    await fixture.clock.advance(1);
    expect(fixture.left).toEqual(['disconnected']);
    expect(fixture.shown).toEqual(['lost']);
  });

  it('a viewer is never shown as lost', async () => {
    const fixture = await new Fixture().open(true);
    await fixture.socketLost();
    await fixture.clock.advance(5000);
    await fixture.back();
    expect(fixture.shown).toEqual([]);
  });

  it('a client without a socket is not moved when its media is lost too', async () => {
    const fixture = await new Fixture().open();
    await fixture.socketLost();
    fixture.mediaLost();
    await fixture.clock.advance(GRACE_MS);
    expect(fixture.told).toEqual([]);
    expect(fixture.left).toEqual(['disconnected']);
  });

  it('a client that lost its media gets it rebuilt when it returns', async () => {
    const fixture = await new Fixture().open();
    await fixture.socketLost();
    fixture.mediaLost();
    await fixture.clock.advance(5000);
    await fixture.back();
    await fixture.clock.advance(1);
    expect(fixture.told).toEqual([{ event: 'sessionClosed', data: { reason: 'media-timeout' } }]);
    expect(fixture.left).toEqual(['media-timeout, unless moved']);
  });
});
