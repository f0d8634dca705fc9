import { startCluster, type LocalCluster } from '@skein/local-cluster';
import {
  ClusterProbe,
  eventually,
  eventuallyHolds,
  launchBrowser,
  MeetingPage,
  SignalClient,
  storedKeys,
  type Browser,
} from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOM = 'Webinar';
const VIEWERS = 20;
/** The count is published within a second; a poll and a busy machine add little. */
const COUNTED_WITHIN_MS = 1500;

/** What a socket was told of single people, tracks aside. A participant hears of its own join too. */
function personal({ events }: SignalClient): unknown[] {
  return events.filter(({ event, data }) => {
    const { type = '', participant } = data as { type?: string; participant?: { identity: string } };
    const ofOthers = type.startsWith('participant') && participant?.identity !== 'host';
    return event === 'roomReplaced' || (event === 'roomChanged' && ofOthers);
  });
}

function counts({ events }: SignalClient): number[] {
  return events
    .filter(({ event }) => event === 'viewersChanged')
    .map(({ data }) => (data as { viewers: number }).viewers);
}

// One webinar in order: each test starts where the previous one ended.
describe('a webinar whose viewers come over two gateways', () => {
  let cluster: LocalCluster;
  let probe: ClusterProbe;
  let browser: Browser;
  let speaker: MeetingPage;
  let watching: MeetingPage;
  /** Takes part, and hears what every participant hears. */
  let host: SignalClient;
  const viewers: SignalClient[] = [];

  const nodeOf = (index: number): string => cluster.mediaNodes[index]!.nodeId;

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ gateways: 2, mediaNodes: 3 }), launchBrowser()]);
    probe = new ClusterProbe(cluster.control!.grpcAddress);
    const [first, second] = cluster.gateways;
    speaker = await MeetingPage.join(browser, first!.url, { room: ROOM, name: 'ada', nodeId: nodeOf(0) });
    host = await SignalClient.open(first!.signalUrl);
    await host.join(ROOM, 'host', { nodeId: nodeOf(0) });
    await eventually('the speaker’s tracks', async () => (await probe.room(ROOM))?.tracks.length === 2);
    const seat = { room: ROOM, name: 'vic', nodeId: nodeOf(1), role: 'viewer' } as const;
    watching = await MeetingPage.openLobby(browser, second!.url, seat);
  }, 90_000);

  afterAll(async () => {
    await Promise.all([host, ...viewers].map((client) => client?.[Symbol.asyncDispose]()));
    await browser?.close();
    probe?.[Symbol.dispose]();
    await cluster?.stop();
  });

  it('their page asks for no device and shows nothing that sends', async () => {
    const { page } = watching;
    expect(await page.getByText('nobody sees or hears you').count()).toBe(1);
    expect(await page.getByTestId('preview').count()).toBe(0);
    await watching.press('join');
    await watching.joined();
    await watching.seesAndHears('ada');
    expect([...(await watching.tiles()).keys()].toSorted()).toEqual(['ada', 'host']);
    for (const sending of ['mute', 'camera', 'screen']) {
      expect(await page.locator(`[data-action="${sending}"]`).count()).toBe(0);
    }
    for (const key of ['m', 'v', 's']) await page.keyboard.press(key);
    expect(await watching.deviceRequests()).toEqual([]);
    expect(await speaker.deviceRequests()).toEqual(['getUserMedia', 'getUserMedia']);
  });

  it('they see and hear the speaker, and the others hear how many they are', async () => {
    await Promise.all(
      Array.from({ length: VIEWERS }, async (_, at) => {
        const client = await SignalClient.open(cluster.gateways[at % 2]!.signalUrl);
        viewers.push(client);
        const { room, subscriptions } = await client.join(ROOM, `v${at}`, {
          role: 'viewer',
          nodeId: nodeOf(1),
        });
        expect(room.participants.map(({ identity }) => identity).toSorted()).toEqual(['ada', 'host']);
        expect(subscriptions).toHaveLength(2);
      }),
    );
    await eventually('the number', () => counts(host).at(-1) === VIEWERS + 1, {
      deadlineMs: COUNTED_WITHIN_MS,
    });
    await watching.seesAndHears('ada');
    await eventually('the number on the page', async () =>
      (await speaker.page.locator('.call-count').textContent())?.includes(`${VIEWERS + 1} viewers`),
    );
  });

  it('nobody was told of any of them', () => {
    for (const client of [host, ...viewers]) expect(personal(client)).toEqual([]);
    expect(counts(host).length).toBeLessThan(VIEWERS / 2);
  });

  it('they are refused to publish', async () => {
    const muting = viewers[0]!.request('setTrackMuted', { trackId: 'trk_1', muted: true });
    await expect(muting).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  it('operators see how many they are, and on which nodes', async () => {
    const room = await probe.room(ROOM);
    expect(room).toMatchObject({ viewers: VIEWERS + 1, silentNodeIds: [] });
    expect(room?.participants.map(({ identity }) => identity).toSorted()).toEqual(['ada', 'host']);
  });

  it('they see and hear again after their node is killed, and nobody hears of any of them', async () => {
    await cluster.mediaNodes[1]!.kill();
    await Promise.all(
      viewers.map(async (client) => {
        const moved = await client.event('sessionMoved');
        expect(moved.nodeId).not.toBe(nodeOf(1));
        expect(moved.subscriptions.map(({ trackId }) => trackId)).toHaveLength(2);
      }),
    );
    await watching.seesAndHears('ada');
    for (const client of [host, ...viewers]) expect(personal(client)).toEqual([]);
    expect((await probe.room(ROOM))?.viewers).toBe(VIEWERS + 1);
  });

  it('they read that nobody sends when the participants have left', async () => {
    await speaker.press('leave');
    await host.request('leave', {});
    await watching.page.getByText('Nobody is sending any more').waitFor();
    expect(watching.problems).toEqual([]);
  });

  it('the last to leave frees everything', async () => {
    await watching.press('leave');
    await Promise.all(viewers.map((client) => client.request('leave', {})));
    await eventuallyHolds(async () => expect(await probe.leftovers()).toEqual([]));
    await eventuallyHolds(async () => expect(await storedKeys(cluster.redisUrl, 'skein:{room*')).toEqual([]));
  });
});
