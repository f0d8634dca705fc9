import { freePort, startCluster, startNats, type LocalCluster } from '@skein/local-cluster';
import type { ClientResponse } from '@skein/protocol';
import { createRpcClients, nodeService } from '@skein/rpc';
import { seededRandom, systemClock } from '@skein/runtime';
import { ClusterProbe, eventually, storedKeys } from '@skein/testkit';
import { arrivalTimes, openLoop } from './arrivals.ts';
import type { Bench, BenchContext } from './bench.ts';
import { natsSubscriptions } from './crowd/adapters/nats-subscriptions.ts';
import { NatsTap, TAPPED_SUBJECTS } from './crowd/adapters/nats-tap.ts';
import { Person, type Traffic } from './crowd/participant.ts';
import { spreadOf } from '../measure/statistics.ts';

interface Plan {
  readonly people: number;
  readonly perSecond: number;
  /** Who have ready subscriptions in their answer. The others ask for none. */
  readonly receivers: number;
  /** Who read the whole room, and of these how many ask for all of its tracks. */
  readonly readers: number;
  readonly receiveAll: number;
}

const PLANS: Readonly<Record<BenchContext['form'], Plan>> = {
  long: { people: 1000, perSecond: 10, receivers: 30, readers: 20, receiveAll: 1 },
  short: { people: 60, perSecond: 30, receivers: 4, readers: 2, receiveAll: 1 },
};

const ROOM = 'crowd';
const GATEWAYS = 2;
const MEDIA_NODES = 3;
const DRAIN_WITHIN_MS = 120_000;
const EMPTY_WITHIN_MS = 30_000;
/** gRPC: the channel's limit, and the bound of one message. */
const GRPC_LIMIT_BYTES = 1024 * 1024;

/**
 * One room in which everybody publishes a microphone and a camera and has the longest metadata, on three media nodes and two
 * gateways: how long a join takes in it, how large messages get, how one node drains, and whether all is gone in the end. The
 * people are signaling only: no packet is sent.
 */
export const crowd: Bench = {
  name: 'crowd',
  what: 'A room of 1000 who all publish: join answers, largest messages, drain of a node, what is left over.',
  budgets: [
    { figure: 'failed', max: 0 },
    { figure: 'lost', max: 0 },
    { figure: 'leaks', max: 0 },
    { figure: 'largestBytes.webSocket', max: 512 * 1024 },
    { figure: 'largestBytes.nats', max: 256 * 1024 },
    { figure: 'largestBytes.grpc', max: GRPC_LIMIT_BYTES / 2 },
  ],
  async run(context) {
    const plan = PLANS[context.form];
    const monitoringPort = await freePort();
    await using nats = await startNats({ monitoringPort });
    context.say('starting two gateways, three media nodes, control, Redis and NATS');
    await using cluster = await startCluster({
      ...{ gateways: GATEWAYS, mediaNodes: MEDIA_NODES, natsUrl: nats.url },
      env: { SKEIN_ROOM_MAX_PARTICIPANTS: String(plan.people) },
    });
    context.signal.throwIfAborted();
    const scene = new Scene(cluster, `http://127.0.0.1:${monitoringPort}`, plan);
    try {
      return await scene.run(context);
    } finally {
      scene.close();
    }
  },
};

class Scene {
  readonly #cluster: LocalCluster;
  readonly #monitorUrl: string;
  readonly #plan: Plan;
  readonly #probe: ClusterProbe;
  readonly #people: Person[] = [];
  readonly #traffic: Traffic = { largestBytes: 0, messages: 0, bytes: 0 };
  #largestGrpcBytes = 0;

  constructor(cluster: LocalCluster, monitorUrl: string, plan: Plan) {
    this.#cluster = cluster;
    this.#monitorUrl = monitorUrl;
    this.#plan = plan;
    this.#probe = new ClusterProbe(cluster.control?.grpcAddress ?? '');
  }

  async run(context: BenchContext) {
    const before = await natsSubscriptions(this.#monitorUrl);
    using tap = await NatsTap.open(this.#cluster.natsUrl);
    const joins = await this.#fill(context);
    context.say(`${this.#people.length} are in: ${JSON.stringify(joins.answerMs)} ms`);
    const reports = await this.#readReports();
    const drain = await this.#drain(context);
    context.say(`drained: ${JSON.stringify(drain)}`);
    const left = await this.#empty(before + TAPPED_SUBJECTS.length);
    const lost = this.#people.filter((person) => person.lost !== undefined);
    for (const { number, lost: why } of lost.slice(0, 5)) context.say(`person ${number} was lost: ${why}`);
    return {
      ...joins,
      largestBytes: {
        webSocket: this.#traffic.largestBytes,
        nats: tap.largestBytes,
        natsSubject: tap.largestSubject,
        grpc: this.#largestGrpcBytes,
      },
      receivedMessages: this.#traffic.messages,
      receivedMegabytes: Math.round(this.#traffic.bytes / 1e6),
      ...reports,
      drain,
      lost: lost.length + drain.missing,
      leaks: left.length,
      leftOver: left.slice(0, 10),
    };
  }

  close(): void {
    for (const person of this.#people) person.close();
    this.#probe[Symbol.dispose]();
  }

  /** Everybody comes, in no order, at both gateways. */
  async #fill({ seed, signal, say }: BenchContext) {
    const { people, perSecond, receivers, readers } = this.#plan;
    const times = arrivalTimes(perSecond, people / perSecond, seededRandom(seed));
    const every = (count: number, index: number): boolean => index % Math.ceil(people / count) === 0;
    const readMs: number[] = [];
    const report = await openLoop(
      times,
      async (index) => {
        const gateway = this.#cluster.gateways[index % GATEWAYS];
        const person = new Person({
          ...{ port: gateway?.httpPort ?? 0, room: ROOM, number: index, traffic: this.#traffic },
          autoSubscribe: every(receivers, index),
        });
        this.#people.push(person);
        const answer = await person.enter();
        if (every(readers, index)) readMs.push((await person.readRoom(answer)).readMs);
      },
      { clock: systemClock, signal },
    );
    if (report.firstFailure !== undefined) say(`${report.failed} joins failed: ${report.firstFailure}`);
    const last = await this.#lastJoin(signal);
    return {
      people,
      joinsPerSecond: perSecond,
      failed: report.failed,
      lateMs: { ...report.lateMs },
      answerMs: { ...spreadOf(this.#people.map(({ answerMs }) => answerMs)) },
      answerBytes: { ...spreadOf(this.#people.map(({ answerBytes }) => answerBytes)) },
      readRoomMs: { ...spreadOf(readMs) },
      ...last,
    };
  }

  /** The room is full: some leave and come again, and want all. */
  async #lastJoin(signal: AbortSignal) {
    const full = { joinMs: 0, readMs: 0, subscribeAllMs: 0, subscriptions: 0, shown: 0 };
    for (const person of this.#people.slice(0, this.#plan.receiveAll)) {
      signal.throwIfAborted();
      await person.leave();
      const again = new Person({
        ...{ port: this.#cluster.gateways[0]?.httpPort ?? 0, room: ROOM, number: person.number },
        ...{ traffic: this.#traffic, autoSubscribe: true },
      });
      this.#people[this.#people.indexOf(person)] = again;
      const answer = await again.enter();
      const read = await again.readRoom(answer);
      const fromMs = systemClock.monotonicMs();
      const subscribed = await again.subscribe(this.#others(again, answer));
      Object.assign(full, {
        joinMs: Math.round(again.answerMs),
        readMs: Math.round(read.readMs),
        shown: read.participants,
        subscribeAllMs: Math.round(systemClock.monotonicMs() - fromMs),
        subscriptions: subscribed + answer.subscriptions.length,
      });
    }
    return { fullRoom: full };
  }

  #others(person: Person, { subscriptions }: ClientResponse<'join'>): string[] {
    const had = new Set(subscriptions.map(({ trackId }) => trackId));
    return this.#people
      .filter(({ number }) => number !== person.number)
      .flatMap(({ number }) => [`mic-${number}`, `cam-${number}`])
      .filter((trackId) => !had.has(trackId));
  }

  /** What control and operators are answered about such a room. */
  async #readReports() {
    const clients = createRpcClients({
      onMessage: (bytes) => (this.#largestGrpcBytes = Math.max(this.#largestGrpcBytes, bytes)),
    });
    using probe = new ClusterProbe(this.#cluster.control?.grpcAddress ?? '', clients);
    try {
      const room = await probe.room(ROOM);
      let subscriptions = 0;
      for (const { grpcAddress } of this.#cluster.mediaNodes) {
        const node = clients.client(nodeService, grpcAddress);
        const media = await node.getRoomMedia({ room: ROOM }, { deadlineMs: 20_000 });
        subscriptions += media.sessions.reduce((sum, session) => sum + session.subscriptions.length, 0);
      }
      return {
        reported: {
          ...{ participants: room?.participants.length ?? 0, tracks: room?.tracks.length ?? 0 },
          ...{ silentNodes: room?.silentNodeIds.length ?? 0, subscriptions },
        },
      };
    } finally {
      clients.close();
    }
  }

  async #drain({ say, signal }: BenchContext) {
    const [node] = this.#cluster.mediaNodes;
    if (!node) throw new Error('there is no node to drain');
    const fromMs = systemClock.monotonicMs();
    await this.#probe.drainNode(node.nodeId, DRAIN_WITHIN_MS);
    const sessions = await this.#sessionsOf(node.nodeId);
    say(`${node.nodeId} drains ${sessions} sessions`);
    // It exits when it is empty. The registry says less: a lease also lapses while the machine is busy.
    const gone = (): boolean => {
      signal.throwIfAborted();
      return node.status.status !== 'ready';
    };
    await eventually(`${node.nodeId} to be empty`, gone, {
      deadlineMs: DRAIN_WITHIN_MS + 10_000,
      everyMs: 250,
    });
    const tookMs = systemClock.monotonicMs() - fromMs;
    const expected = this.#people.length;
    const complete = async (): Promise<boolean> => {
      const room = await this.#probe.room(ROOM);
      return room?.participants.length === expected && room.tracks.length === 2 * expected;
    };
    await eventually('everybody and all tracks to be there', complete, {
      deadlineMs: 20_000,
      everyMs: 1000,
    }).catch(() => {});
    const after = await this.#probe.room(ROOM);
    return {
      ...{ node: node.nodeId, sessions, tookMs: Math.round(tookMs) },
      moved: this.#people.filter(({ moves }) => moves > 0).length,
      missing: expected - (after?.participants.length ?? 0),
      missingTracks: 2 * expected - (after?.tracks.length ?? 0),
    };
  }

  async #sessionsOf(nodeId: string): Promise<number> {
    return (await this.#probe.nodes()).find((node) => node.nodeId === nodeId)?.sessions ?? 0;
  }

  /** Everybody leaves; what is still there some time later. */
  async #empty(subscriptions: number): Promise<string[]> {
    await Promise.all(this.#people.map((person) => person.leave()));
    const look = async (): Promise<string[]> => {
      const keys = await storedKeys(this.#cluster.redisUrl, 'skein:{room*');
      const now = await natsSubscriptions(this.#monitorUrl);
      const above = now > subscriptions ? [`${now - subscriptions} NATS subscriptions`] : [];
      return [...(await this.#probe.leftovers()), ...keys, ...above];
    };
    await eventually('nothing to be left', async () => (await look()).length === 0, {
      ...{ deadlineMs: EMPTY_WITHIN_MS, everyMs: 500 },
    }).catch(() => {});
    return await look();
  }
}
