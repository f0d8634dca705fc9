import {
  routerRtpCapabilities,
  type Participant,
  type ReadySubscription,
  type Track,
  type TransportOffer,
} from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { seededRandom } from '@skein/runtime/random';
import { connect, type ConnectOptions } from '../connect.ts';
import type { Room } from '../room/room.ts';
import { FakeEngine, type FakeLink } from './fake-engine.ts';
import { FakeGateway, Refusal } from './fake-gateway.ts';

export const welcome = { protocolVersion: 1, routerRtpCapabilities, heartbeatIntervalMs: 5000 };

export function participant(identity: string, change: Partial<Participant> = {}): Participant {
  return {
    identity,
    name: identity,
    sessionId: `ses_${identity}`,
    nodeId: 'n1',
    epoch: 1,
    joinedAtMs: 0,
    ...change,
  };
}

export function track(trackId: string, identity: string, change: Partial<Track> = {}): Track {
  return {
    trackId,
    identity,
    epoch: 1,
    nodeId: 'n1',
    routerId: 'r1',
    kind: 'video',
    source: 'camera',
    muted: false,
    mimeType: 'video/vp8',
    spatialLayers: 3,
    temporalLayers: 3,
    ...change,
  };
}

export function ready(trackId: string, change: Partial<ReadySubscription> = {}): ReadySubscription {
  return {
    subscriptionId: `sub_${trackId}`,
    trackId,
    epoch: 1,
    kind: 'video',
    rtpParameters: { codecs: [], headerExtensions: [], encodings: [{}], rtcp: {} },
    type: 'simulcast',
    trackMuted: false,
    ...change,
  };
}

function offer(id: string): TransportOffer {
  return {
    id,
    iceParameters: { usernameFragment: 'u', password: 'p' },
    iceCandidates: [],
    dtlsParameters: { role: 'auto', fingerprints: [] },
  };
}

export interface RoomFixture {
  /** Others in the room when `me` joins it; version 10. */
  readonly others?: readonly Participant[];
  readonly tracks?: readonly Track[];
  readonly subscriptions?: readonly ReadySubscription[];
  /** Of `me`. Default 1. */
  readonly epoch?: number;
  /** Default 10. */
  readonly version?: number;
}

export function joinAnswer({
  others = [],
  tracks = [],
  subscriptions = [],
  epoch = 1,
  version = 10,
}: RoomFixture = {}): unknown {
  return {
    identity: 'me',
    ...sessionMedia(epoch, subscriptions),
    room: { room: 'standup', version, participants: [participant('me'), ...others], tracks },
  };
}

/** The common part of a join and a migration: session `epoch` of `me`, on the node of the same number. */
export function sessionMedia(epoch: number, subscriptions: readonly ReadySubscription[]): object {
  return {
    sessionId: `ses_me_${epoch}`,
    epoch,
    nodeId: `n${epoch}`,
    resumeToken: `tok_${epoch}`,
    sendTransport: offer('send'),
    recvTransport: offer('recv'),
    iceServers: [],
    subscriptions,
  };
}

/** A client with a gateway, an engine and a clock that a test controls. */
export class ClientHarness {
  readonly gateway = new FakeGateway();
  readonly engine = new FakeEngine();
  readonly clock = new FakeClock();
  #ids = 0;

  constructor(fixture: RoomFixture = {}) {
    const { answers } = this.gateway;
    answers.set('join', () => joinAnswer(fixture));
    answers.set('subscribe', ({ trackId }) => ready(String(trackId)));
    answers.set('subscribeMany', ({ tracks }) => {
      const asked = tracks as { trackId: string }[];
      const results = asked.map((one) => {
        const answer = answers.get('subscribe')?.(one);
        return answer instanceof Refusal
          ? { trackId: one.trackId, error: answer.error }
          : answer && { trackId: one.trackId, subscription: answer };
      });
      return results.includes(undefined) ? undefined : { results };
    });
    for (const method of [
      'updateSubscriptions',
      'unsubscribe',
      'publish',
      'unpublish',
      'setTrackMuted',
      'leave',
      'ping',
      'finishMove',
    ] as const) {
      answers.set(method, () => ({}));
    }
  }

  /** The newest link. */
  get link(): FakeLink {
    const link = this.engine.links.at(-1);
    if (!link) throw new Error('no link was opened yet');
    return link;
  }

  connect(options: Partial<ConnectOptions> = {}): Promise<Room> {
    const { gateway, engine, clock } = this;
    return connect(
      { url: 'https://meet.example.org', room: 'standup', name: 'Me', ...options },
      {
        clock,
        random: seededRandom(1),
        newId: (prefix) => `${prefix}_${++this.#ids}`,
        openSocket: gateway.openSocket,
        engine,
      },
    );
  }

  /** Joins, and waits until everything has settled. */
  async join(options: Partial<ConnectOptions> = {}, gateways?: readonly string[]): Promise<Room> {
    const connecting = this.connect(options);
    this.gateway.accept();
    this.gateway.event('welcome', { ...welcome, gateways });
    const room = await connecting;
    await this.settle();
    return room;
  }

  /** Runs pending promise callbacks without advancing the time. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await this.clock.advance(0);
  }

  /** Advances the time by `ms` in short steps, and settles. */
  async pass(ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 10) await this.clock.advance(10);
    await this.settle();
  }

  /** Opens and welcomes every socket from now on. */
  welcomeAll(gateways?: readonly string[]): void {
    this.gateway.onOpen = () => {
      this.gateway.accept();
      this.gateway.event('welcome', { ...welcome, gateways });
    };
  }

  moveSession(
    mode: 'rebuild' | 'switch',
    epoch: number,
    subscriptions: readonly ReadySubscription[] = [],
  ): void {
    this.gateway.event('sessionMoved', {
      ...sessionMedia(epoch, subscriptions),
      mode,
      reason: 'drain',
      deadlineMs: 15_000,
    });
  }

  roomChanged(version: number, change: unknown): void {
    this.gateway.event('roomChanged', change, version);
  }
}
