import { connect, type Room } from '@skein/client';
import type { MediaEngine, MediaLink } from '@skein/client/engine';
import { openWebSocket } from '@skein/client/signaling';
import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { routerRtpCapabilities } from '@skein/protocol';
import { seededRandom, systemClock } from '@skein/runtime';
import { eventually, SignalClient, startSlowLink, type SlowLink } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const unused = (): Promise<never> => Promise.reject(new Error('this test carries no media'));
/** Only signaling is looked at. */
const link: MediaLink = {
  send: unused,
  receive: unused,
  restartIce: async () => undefined,
  stopSending: () => undefined,
  close: () => undefined,
};
const engine: MediaEngine = { load: async () => routerRtpCapabilities, openLink: () => link };

// 600 ms each way, and TCP and TLS take three round trips: as over a satellite. Told in order.
describe('signaling over a round trip of 1.2 s', () => {
  let cluster: LocalCluster;
  let slow: SlowLink;
  let room: Room;
  let ben: SignalClient;
  let ids = 0;

  const benSeesAdaLeave = (): boolean =>
    ben.events.some(
      ({ event, data }) =>
        event === 'roomChanged' && (data as { readonly type: string }).type === 'participantLeft',
    );

  beforeAll(async () => {
    // There is no way around the slow link.
    const env = { SKEIN_GATEWAY_URLS: '' };
    cluster = await startCluster({ gateways: 1, mediaNodes: 1, env });
    slow = await startSlowLink(cluster.gateways[0]!.httpPort, { delayMs: 600, openingMs: 3600 });
    ben = await SignalClient.open(cluster.gateways[0]!.signalUrl);
    await ben.join('far', 'ben');
    room = await connect(
      { url: `http://127.0.0.1:${slow.port}`, room: 'far', name: 'Ada', identity: 'ada' },
      {
        clock: systemClock,
        random: seededRandom(1),
        newId: (prefix) => `${prefix}_slow_${++ids}`,
        openSocket: openWebSocket,
        engine,
      },
    );
    await eventually('a ping was answered', async () => (await room.stats()).signalingRoundTripMs);
  }, 60_000);

  afterAll(async () => {
    await room?.leave();
    await ben?.[Symbol.asyncDispose]();
    await slow?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  it('a lost socket is back within 15 s, and nobody hears of it', async () => {
    slow.cut();
    await eventually('the loss is noticed', () => room.connection.state === 'reconnecting');
    await eventually('the session resumes', () => room.connection.state === 'connected', {
      deadlineMs: 15_000,
    });
    expect(benSeesAdaLeave()).toBe(false);
  }, 30_000);

  it('a burst of 2.5 s in which nothing comes through does not cut a socket that works', async () => {
    const states: string[] = [];
    using _listening = room.on('connectionStateChanged', ({ connection }) => states.push(connection.state));
    const { connections } = slow;
    // Whatever moment of the interval between pings it falls on.
    for (let burst = 0; burst < 2; burst++) {
      slow.stall(2500);
      await systemClock.sleep(5300);
    }
    expect(states).toEqual([]);
    expect(slow.connections).toBe(connections);
  }, 30_000);
});
