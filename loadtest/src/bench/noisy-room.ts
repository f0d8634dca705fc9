import { startCluster } from '@skein/local-cluster';
import { SkeinError, type RtpParameters } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { readTreeUsage } from '../measure/cluster/adapters/proc.ts';
import { readRedisCommands } from '../measure/cluster/adapters/stores.ts';
import type { Bench, BenchContext } from './bench.ts';
import { closedLoop } from './closed-loop.ts';
import { hundredths, spreadOf } from '../measure/statistics.ts';
import { SignalingClient } from './signaling-client.ts';

interface Plan {
  readonly noisyRoom: number;
  readonly quietRoom: number;
  readonly calmSeconds: number;
  readonly noisySeconds: number;
}

const PLANS: Readonly<Record<BenchContext['form'], Plan>> = {
  long: { noisyRoom: 300, quietRoom: 20, calmSeconds: 5, noisySeconds: 30 },
  short: { noisyRoom: 12, quietRoom: 3, calmSeconds: 0.5, noisySeconds: 2 },
};

/** As many as the gateway lets one socket have. */
const IN_FLIGHT = 64;
const JOINS_AT_ONCE = 8;
const PING_EVERY_MS = 100;
const TRACK_ID = 'trk_noisy';
const LAST_WISH_DEADLINE_MS = 10_000;

/**
 * One client of a room of 300 mutes and unmutes as fast as it is answered, with 64 requests in flight. Measured are the
 * pings of 20 clients in another room of the same gateway, before and meanwhile, and what comes of the mutes: how many
 * are refused, how many changes each of the 300 receives, and that the room shows the last state. Real gateway,
 * media node, NATS and Redis; no media.
 */
export const noisyRoom: Bench = {
  name: 'noisy-room',
  what: 'One client that mutes in a loop among 300: pings of another room, published changes, and the last state.',
  budgets: [
    { figure: 'noisyPingMs.p99', max: 100 },
    { figure: 'socketsClosed', max: 0 },
    { figure: 'changesToldPerSecond', max: 12 },
    { figure: 'lastWishesLost', max: 0 },
  ],
  async run(context) {
    const plan = PLANS[context.form];
    await using cluster = await startCluster({ gateways: 1, mediaNodes: 2, controls: 0 });
    const [gateway] = cluster.gateways;
    if (!gateway) throw new Error('there is no gateway');
    const noisy = await joined(gateway.httpPort, 'noisy', plan.noisyRoom, context.signal);
    const quiet = await joined(gateway.httpPort, 'quiet', plan.quietRoom, context.signal);
    context.say(`${noisy.length + quiet.length} clients have joined`);
    const [loud, listener] = noisy;
    if (!loud || !listener) throw new Error('the room is empty');
    await loud.request('publish', {
      ...{ trackId: TRACK_ID, kind: 'audio', source: 'microphone' },
      rtpParameters: opus(),
    });
    const pid = gateway.pid ?? 0;
    const calm = await ping(quiet, plan.calmSeconds, context.signal);
    const told = (): number => listener.heard.get('trackUpdated') ?? 0;
    const before = {
      told: told(),
      cpuMs: (await readTreeUsage(pid)).cpuMs,
      redis: await readRedisCommands(cluster.redisUrl),
    };
    const [noise, noisyPings] = await Promise.all([
      muteInALoop(loud, plan.noisySeconds, context.signal),
      ping(quiet, plan.noisySeconds, context.signal),
    ]);
    const cpuMs = (await readTreeUsage(pid)).cpuMs - before.cpuMs;
    const redis = await readRedisCommands(cluster.redisUrl);
    const changesTold = told() - before.told;
    const lastWishesLost = await lastWishLost(loud, listener, context.signal);
    const sockets = [...noisy, ...quiet];
    const socketsClosed = sockets.filter(({ closed }) => closed).length;
    for (const client of sockets) client.close();
    const perSecond = (count: number): number => hundredths(count / plan.noisySeconds);
    return {
      calmPingMs: { ...calm },
      noisyPingMs: { ...noisyPings },
      mutesPerSecond: perSecond(noise.granted),
      refusedPerSecond: perSecond(noise.refused),
      changesToldPerSecond: perSecond(changesTold),
      gatewayCores: hundredths(cpuMs / (1000 * plan.noisySeconds)),
      redisScriptsPerSecond: perSecond((redis?.scripts ?? 0) - (before.redis?.scripts ?? 0)),
      ...{ socketsClosed, lastWishesLost, noisyRoom: plan.noisyRoom, quietRoom: plan.quietRoom },
    };
  },
};

async function joined(
  port: number,
  room: string,
  count: number,
  signal: AbortSignal,
): Promise<SignalingClient[]> {
  const clients: SignalingClient[] = [];
  let next = 0;
  const joinSome = async (): Promise<void> => {
    while (next < count) {
      signal.throwIfAborted();
      const identity = `${room}-${next++}`;
      const client = await SignalingClient.open(port);
      await client.join(room, identity);
      clients.push(client);
    }
  };
  await Promise.all(Array.from({ length: JOINS_AT_ONCE }, joinSome));
  return clients;
}

/** Each client pings so often, whether or not the one before was answered. A ping without an answer fails the bench. */
async function ping(clients: readonly SignalingClient[], seconds: number, signal: AbortSignal) {
  const tookMs: number[] = [];
  const one = async (client: SignalingClient): Promise<void> => {
    const fromMs = systemClock.monotonicMs();
    await client.request('ping', {});
    tookMs.push(systemClock.monotonicMs() - fromMs);
  };
  const pings: Promise<void>[] = [];
  const endMs = systemClock.monotonicMs() + 1000 * seconds;
  for (let turn = 0; systemClock.monotonicMs() < endMs; turn++) {
    // Spread over the interval, so that they do not come in one burst.
    for (const client of clients) {
      pings.push(one(client));
      await systemClock.sleep(PING_EVERY_MS / clients.length, signal);
    }
  }
  await Promise.all(pings);
  return spreadOf(tookMs);
}

async function muteInALoop(client: SignalingClient, seconds: number, signal: AbortSignal) {
  let [granted, refused, turn] = [0, 0, 0];
  const operation = async (): Promise<void> => {
    const muted = turn++ % 2 === 0;
    try {
      await client.request('setTrackMuted', { trackId: TRACK_ID, muted });
      granted++;
    } catch (error) {
      if (!(error instanceof SkeinError) || error.code !== 'TOO_MANY_REQUESTS') throw error;
      refused++;
    }
  };
  await closedLoop(operation, { inFlight: IN_FLIGHT, seconds, signal });
  return { granted, refused };
}

/** Tells one more wish as an SDK does, until it is granted, and looks for it in the room's state: 1 when it is not there. */
async function lastWishLost(
  client: SignalingClient,
  other: SignalingClient,
  signal: AbortSignal,
): Promise<number> {
  const endMs = systemClock.monotonicMs() + LAST_WISH_DEADLINE_MS;
  for (const muted of [true, false]) {
    for (let isGranted = false; !isGranted;) {
      if (systemClock.monotonicMs() > endMs) return 1;
      try {
        await client.request('setTrackMuted', { trackId: TRACK_ID, muted });
        isGranted = true;
      } catch (error) {
        await systemClock.sleep(SkeinError.from(error).retryAfterMs ?? 100, signal);
      }
    }
    const answer = await other.request('sync', { version: 0 });
    const shown = 'snapshot' in answer ? answer.snapshot.tracks : [];
    if (shown.find(({ trackId }) => trackId === TRACK_ID)?.muted !== muted) return 1;
  }
  return 0;
}

function opus(): RtpParameters {
  const codec = { mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 111 };
  return {
    codecs: [{ ...codec, parameters: {}, rtcpFeedback: [] }],
    headerExtensions: [],
    encodings: [{ ssrc: 1111 }],
    rtcp: { cname: 'noisy' },
  };
}
