import {
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  type ClientMethod,
  type ClientRequestInput,
  type ClientResponse,
  type Participant,
  type ReadySubscription,
  type RtpCapabilities,
  type RtpParameters,
  type Track,
  type TransportOffer,
} from '@skein/protocol';
import type { types } from 'mediasoup';

// As the media node has them, so that the flows are the same.
const ICE_CONSENT_TIMEOUT_SECONDS = 15;
const INITIAL_OUTGOING_BITRATE_BPS = 1_000_000;
const HEARTBEAT_MS = 30_000;
const EPOCH = 1;
const NODE_ID = 'bare';

interface Published {
  readonly track: Track;
  readonly producer: types.Producer;
}

type Handlers = {
  [Method in ClientMethod]?: (
    data: ClientRequestInput<Method>,
  ) => ClientResponse<Method> | Promise<ClientResponse<Method>>;
};

/** One room on one router, in the client protocol as far as peers of a bench use it. Who joins sees what is published by then. */
export class BareRoom {
  readonly router: types.Router;
  readonly webRtcServer: types.WebRtcServer;
  readonly published = new Map<string, Published>();
  readonly participants = new Map<string, Participant>();
  version = 1;
  #lastId = 0;

  constructor(router: types.Router, webRtcServer: types.WebRtcServer) {
    this.router = router;
    this.webRtcServer = webRtcServer;
  }

  readonly visits = new Set<BareVisit>();

  newId(prefix: string): string {
    return `${prefix}_${++this.#lastId}`;
  }

  visit(send: (message: object) => void): BareVisit {
    const visit = new BareVisit(this, send);
    this.visits.add(visit);
    return visit;
  }

  /** Tells everybody, as a gateway does. */
  tell(change: object): void {
    this.version++;
    for (const visit of this.visits) visit.told(this.version, change);
  }
}

/** One peer's connection. */
class BareVisit {
  readonly #room: BareRoom;
  readonly #send: (message: object) => void;
  readonly #consumers = new Map<string, types.Consumer>();
  #transports: Record<'send' | 'recv', types.WebRtcTransport> | undefined;
  #identity = '';
  #capabilities: RtpCapabilities | undefined;
  readonly #handlers: Handlers = {
    join: (data) => this.#join(data),
    connectTransport: async ({ direction, dtlsParameters }) => {
      await this.#transports?.[direction].connect({ dtlsParameters: dtlsParameters as types.DtlsParameters });
      return {};
    },
    publish: (data) => this.#publish(data),
    subscribe: ({ trackId }) => this.#subscribe(trackId),
    updateSubscriptions: ({ updates }) => this.#update(updates),
    unsubscribe: ({ subscriptionId }) => {
      this.#consumers.get(subscriptionId)?.close();
      this.#consumers.delete(subscriptionId);
      return {};
    },
    ping: () => ({}),
    leave: () => {
      this.close();
      return {};
    },
  };

  constructor(room: BareRoom, send: (message: object) => void) {
    this.#room = room;
    this.#send = send;
    const data = {
      protocolVersion: PROTOCOL_VERSION,
      routerRtpCapabilities,
      heartbeatIntervalMs: HEARTBEAT_MS,
    };
    send({ event: 'welcome', data });
  }

  receive(line: string): void {
    const { id, method, data } = JSON.parse(line) as { id: string; method: ClientMethod; data: unknown };
    const handler = this.#handlers[method] as ((data: unknown) => unknown) | undefined;
    const answer = async (): Promise<unknown> => {
      if (!handler) throw new Error(`the baseline has no ${method}`);
      return await handler(data);
    };
    answer().then(
      (response) => this.#send({ id, data: response }),
      (error: unknown) => this.#send({ id, error: { code: 'INTERNAL', message: String(error) } }),
    );
  }

  told(version: number, change: object): void {
    if (this.#transports) this.#send({ event: 'roomChanged', version, data: change });
  }

  close(): void {
    if (!this.#room.visits.delete(this)) return;
    for (const transport of Object.values(this.#transports ?? {})) transport.close();
    this.#room.participants.delete(this.#identity);
    for (const [trackId, { track }] of this.#room.published)
      if (track.identity === this.#identity) this.#room.published.delete(trackId);
  }

  async #join(data: ClientRequestInput<'join'>): Promise<ClientResponse<'join'>> {
    const {
      name,
      room: roomName,
      identity = this.#room.newId('usr'),
      rtpCapabilities,
      autoSubscribe = true,
    } = data;
    this.#identity = identity;
    this.#capabilities = rtpCapabilities as RtpCapabilities;
    const [send, recv] = await Promise.all([this.#transport(), this.#transport()]);
    this.#transports = { send, recv };
    const sessionId = this.#room.newId('ses');
    const me: Participant = { identity, name, sessionId, nodeId: NODE_ID, epoch: EPOCH, joinedAtMs: 0 };
    this.#room.participants.set(identity, me);
    this.#room.tell({ type: 'participantJoined', participant: me });
    const trackIds = autoSubscribe ? [...this.#room.published.keys()] : [];
    const subscriptions = await Promise.all(trackIds.map((trackId) => this.#subscribe(trackId)));
    const { participants, published, version } = this.#room;
    return {
      ...{ sessionId, identity, epoch: EPOCH, nodeId: NODE_ID, resumeToken: 'none', iceServers: [] },
      ...{ sendTransport: offerOf(send), recvTransport: offerOf(recv), subscriptions },
      room: {
        ...{ room: roomName, version, participants: [...participants.values()] },
        tracks: [...published.values()].map(({ track }) => track),
      },
    };
  }

  #transport(): Promise<types.WebRtcTransport> {
    return this.#room.router.createWebRtcTransport({
      webRtcServer: this.#room.webRtcServer,
      ...{ enableUdp: true, enableTcp: true, preferUdp: true },
      iceConsentTimeout: ICE_CONSENT_TIMEOUT_SECONDS,
      initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE_BPS,
    });
  }

  async #publish(data: ClientRequestInput<'publish'>): Promise<ClientResponse<'publish'>> {
    const { trackId, kind, source, muted = false, rtpParameters } = data;
    if (!this.#transports) throw new Error('not joined');
    const parameters = rtpParameters as unknown as types.RtpParameters;
    const producer = await this.#transports.send.produce({ kind, rtpParameters: parameters, paused: muted });
    const track: Track = {
      ...{
        trackId,
        identity: this.#identity,
        epoch: EPOCH,
        nodeId: NODE_ID,
        routerId: 'bare',
        kind,
        source,
        muted,
      },
      mimeType: rtpParameters.codecs[0]?.mimeType.toLowerCase() ?? '',
      ...{ spatialLayers: rtpParameters.encodings.length, temporalLayers: 1 },
    };
    this.#room.published.set(trackId, { track, producer });
    this.#room.tell({ type: 'trackPublished', track });
    return { trackId };
  }

  async #subscribe(trackId: string): Promise<ReadySubscription> {
    const published = this.#room.published.get(trackId);
    if (!published || !this.#transports) throw new Error(`no track ${trackId}`);
    const consumer = await this.#transports.recv.consume({
      producerId: published.producer.id,
      rtpCapabilities: this.#capabilities as unknown as types.RtpCapabilities,
      paused: true,
    });
    this.#consumers.set(consumer.id, consumer);
    return {
      ...{ subscriptionId: consumer.id, trackId, epoch: EPOCH, kind: consumer.kind, trackMuted: false },
      rtpParameters: consumer.rtpParameters as unknown as RtpParameters,
      type: consumer.type === 'pipe' ? 'simple' : consumer.type,
    };
  }

  async #update(
    updates: ClientRequestInput<'updateSubscriptions'>['updates'],
  ): Promise<ClientResponse<'updateSubscriptions'>> {
    for (const { subscriptionId, paused, preferredLayers } of updates) {
      const consumer = this.#consumers.get(subscriptionId);
      if (preferredLayers) await consumer?.setPreferredLayers(preferredLayers as types.ConsumerLayers);
      if (paused !== undefined) await (paused ? consumer?.pause() : consumer?.resume());
    }
    return {};
  }
}

function offerOf({
  id,
  iceParameters,
  iceCandidates,
  dtlsParameters,
}: types.WebRtcTransport): TransportOffer {
  const { role = 'auto', fingerprints } = dtlsParameters;
  return { id, iceParameters, iceCandidates, dtlsParameters: { role, fingerprints } };
}
