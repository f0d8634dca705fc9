import { startCluster, type LocalCluster } from '@skein/local-cluster';
import {
  ClusterProbe,
  duplicatePipedTracks,
  eventually,
  eventuallyHolds,
  launchBrowser,
  MeetingPage,
  nodePipes,
  SignalClient,
  storedKeys,
  type Browser,
} from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// One call in order: each test starts where the previous one ended.
describe('three people on three nodes behind two gateways', () => {
  const room = 'Weekly call';
  const names = ['ada', 'ben', 'cleo'] as const;
  let cluster: LocalCluster;
  let probe: ClusterProbe;
  let browser: Browser;
  let people: MeetingPage[];

  async function join(index: number): Promise<MeetingPage> {
    const gateway = cluster.gateways[index % cluster.gateways.length]!;
    const node = cluster.mediaNodes[index]!;
    return MeetingPage.join(browser, gateway.url, {
      room,
      name: names[index]!,
      nodeId: node.nodeId,
      width: 640,
      height: 360,
    });
  }

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ gateways: 2, mediaNodes: 3 }), launchBrowser()]);
    probe = new ClusterProbe(cluster.control!.grpcAddress);
    people = [];
    for (const index of names.keys()) people.push(await join(index));
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    probe?.[Symbol.dispose]();
    await cluster?.stop();
  });

  it('everyone sees moving pictures of the other two and hears them', async () => {
    const pairs = people.flatMap((viewer) =>
      people.filter((other) => other !== viewer).map((other) => ({ viewer, other })),
    );
    await Promise.all(pairs.map(({ viewer, other }) => viewer.seesAndHears(other.name)));
  });

  it('one pipe joins each pair of nodes, and each track crosses it once', async () => {
    const state = await probe.room(room);
    expect(new Set(state!.participants.map(({ nodeId }) => nodeId)).size).toBe(3);
    expect(nodePipes(state!)).toHaveLength(3);
    for (const pipe of nodePipes(state!)) {
      expect([pipe.tracksForward.length, pipe.tracksBackward.length]).toEqual([2, 2]);
    }
    expect(duplicatePipedTracks(state!)).toBe(0);
  });

  it('a second viewer behind a pipe adds no copy', async () => {
    await using viewer = await SignalClient.open(cluster.gateways[1]!.signalUrl);
    const { nodeId } = await viewer.join(room, 'dora', { nodeId: cluster.mediaNodes[2]!.nodeId });
    expect(nodeId).toBe(cluster.mediaNodes[2]!.nodeId);
    await eventuallyHolds(async () => {
      const media = (await probe.room(room))!;
      expect(nodePipes(media)).toHaveLength(3);
      expect(duplicatePipedTracks(media)).toBe(0);
    });
    const { subscriptions } = await viewer.join(room, 'dora').catch(() => ({ subscriptions: [] }));
    expect(subscriptions).toEqual([]);
    await viewer.request('leave', {});
    await eventually('dora to be gone', async () => !(await people[0]!.tiles()).has('dora'));
  });

  it('mute and camera off show up at the others, and so does their end', async () => {
    const [ada, ben, cleo] = people as [MeetingPage, MeetingPage, MeetingPage];
    await ada.press('mute');
    await ada.press('camera');
    for (const viewer of [ben, cleo]) {
      await eventuallyHolds(async () => {
        expect((await viewer.tiles()).get('ada')).toEqual({ muted: true, camera: false });
        expect((await viewer.probe('ada')).loudness).toBeLessThan(0.003);
      });
    }
    await ada.press('mute');
    await ada.press('camera');
    await Promise.all([ben, cleo].map((viewer) => viewer.seesAndHears('ada')));
    expect((await ben.tiles()).get('ada')).toEqual({ muted: false, camera: true });
  });

  it('a viewer behind a pipe chooses a simulcast layer', async () => {
    const [, ben] = people as [MeetingPage, MeetingPage];
    const widthOf = async (): Promise<number> => (await ben.probe('ada')).width;
    await eventually('the full picture', async () => (await widthOf()) === 640, { deadlineMs: 30_000 });
    await ben.chooseLayer('ada', 0);
    await eventually('a smaller picture', async () => (await widthOf()) < 640, { deadlineMs: 15_000 });
    await ben.chooseLayer('ada', 1);
    await eventually('the full picture again', async () => (await widthOf()) === 640, { deadlineMs: 30_000 });
  });

  it('one who leaves is gone for the others, and back after joining again', async () => {
    const [ada, ben, cleo] = people as [MeetingPage, MeetingPage, MeetingPage];
    await ada.press('leave');
    for (const viewer of [ben, cleo]) {
      await eventually('ada to be gone', async () => !(await viewer.tiles()).has('ada'));
    }
    await ada[Symbol.asyncDispose]();
    people[0] = await join(0);
    await Promise.all([ben, cleo].map((viewer) => viewer.seesAndHears('ada')));
    await Promise.all(['ben', 'cleo'].map((other) => people[0]!.seesAndHears(other)));
  });

  it('no page had an error', () => {
    expect(people.flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('the last to leave frees every pipe, transport and key', async () => {
    for (const person of people) await person.press('leave');
    await eventuallyHolds(async () => expect(await probe.leftovers()).toEqual([]));
    await eventuallyHolds(async () => expect(await storedKeys(cluster.redisUrl, 'skein:{room*')).toEqual([]));
  });
});
