import type { Bus, BusSubscription } from '@skein/bus';
import { publishChanges, publishViewership, type RoomStore } from '@skein/cluster';
import {
  type SessionEnvelope,
  type SessionEvent,
  type SessionMethod,
  type SessionRequest,
  type SessionResponse,
  SkeinError,
  subjects,
  type TransportOffer,
} from '@skein/protocol';

type Script = (request: SessionEnvelope) => unknown;

const offer: TransportOffer = {
  id: 't1',
  iceParameters: { usernameFragment: 'u', password: 'p' },
  iceCandidates: [],
  dtlsParameters: {
    role: 'auto',
    fingerprints: [{ algorithm: 'sha-1', value: Array(20).fill('00').join(':') }],
  },
};

/** A media node as gateways see it: it answers on the bus by script, without media. */
export class ScriptedNode implements Disposable {
  readonly nodeId: string;
  /** All requests, in order. */
  readonly asked: SessionEnvelope[] = [];
  readonly #bus: Bus;
  readonly #scripts = new Map<SessionMethod, Script>();
  readonly #serving: BusSubscription;

  constructor(bus: Bus, store: RoomStore, nodeId: string) {
    this.#bus = bus;
    this.nodeId = nodeId;
    this.on('open', (request) => this.opened(request));
    this.on('attach', ({ sessionId, data }) => this.#attach(sessionId, data as SessionRequest<'attach'>));
    this.on('close', async ({ room, sessionId, epoch, data }) => {
      const members = [...((await store.snapshot(room))?.participants ?? []), ...(await store.viewers(room))];
      const member = members.find((one) => one.sessionId === sessionId);
      const { reason } = data as SessionRequest<'close'>;
      if (!member || reason === 'moved') return {};
      const { changes, viewership } = await store.leave(room, { ...member, epoch }, reason);
      publishChanges(bus, room, changes);
      if (viewership) publishViewership(bus, room, viewership);
      return {};
    });
    this.#serving = bus.serve(subjects.nodeSession(nodeId), async (data) => {
      const request = data as SessionEnvelope;
      this.asked.push(request);
      return await (this.#scripts.get(request.method) ?? (() => ({})))(request);
    });
  }

  /** The answer to an `open`. */
  opened({ sessionId }: SessionEnvelope): SessionResponse<'open'> {
    return {
      resumeToken: `${sessionId}.1`,
      attachment: 1,
      transports: [offer, { ...offer, id: 't2' }],
      subscriptions: [],
    };
  }

  /** From now on `script` answers `method`. */
  on(method: SessionMethod, script: Script): void {
    this.#scripts.set(method, script);
  }

  #attach(sessionId: string, { resumeToken, identity }: SessionRequest<'attach'>): SessionResponse<'attach'> {
    const earlier = this.requests('attach').filter((request) => request.sessionId === sessionId).length;
    const request = this.requests('open').find((one) => one.sessionId === sessionId);
    const opened = request?.data as SessionRequest<'open'> | undefined;
    if (!opened || resumeToken !== `${sessionId}.${earlier}` || identity !== opened.identity)
      throw new SkeinError('SESSION_NOT_FOUND', 'no such session');
    const { grants } = opened;
    return { resumeToken: `${sessionId}.${earlier + 1}`, attachment: earlier + 1, grants };
  }

  requests(method: SessionMethod): SessionEnvelope[] {
    return this.asked.filter((request) => request.method === method);
  }

  publish(sessionId: string, event: SessionEvent): void {
    this.#bus.publish(subjects.session(sessionId), event);
  }

  [Symbol.dispose](): void {
    this.#serving.close();
  }
}
