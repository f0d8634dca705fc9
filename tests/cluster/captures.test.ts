import { startCluster, type LocalCluster } from '@skein/local-cluster';
import {
  ClusterProbe,
  duplicatePipedTracks,
  eventually,
  eventuallyHolds,
  launchBrowser,
  MeetingPage,
  type Browser,
} from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// One call, told in order: Ada sends, Ben is on her node, Cleo behind a pipe.
describe('what is captured changes under a call', () => {
  const room = 'captures';
  let cluster: LocalCluster;
  let probe: ClusterProbe;
  let browser: Browser;
  let ada: MeetingPage;
  let viewers: MeetingPage[];

  const join = (name: string, node: number): Promise<MeetingPage> =>
    MeetingPage.join(browser, cluster.gateways[0]!.url, {
      ...{ room, name, nodeId: cluster.mediaNodes[node]!.nodeId },
      ...{ width: 640, height: 360 },
    });

  /** Every viewer sees the picture in this size within `deadlineMs`. */
  async function everyoneSees(size: { width: number; height: number }, deadlineMs: number): Promise<void> {
    const look = async (viewer: MeetingPage): Promise<void> =>
      eventuallyHolds(async () => expect(await viewer.receivedPicture('ada')).toMatchObject(size), {
        deadlineMs,
      });
    await Promise.all(viewers.map(look));
  }

  async function everyoneKnowsOfLayers(spatialLayers: number): Promise<void> {
    for (const viewer of viewers)
      await eventuallyHolds(async () =>
        expect(await viewer.receivedPicture('ada')).toMatchObject({ spatialLayers }),
      );
  }

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ mediaNodes: 2 }), launchBrowser()]);
    probe = new ClusterProbe(cluster.control!.grpcAddress);
    ada = await join('ada', 0);
    viewers = [await join('ben', 0), await join('cleo', 1)];
    await Promise.all(viewers.map((viewer) => viewer.seesAndHears('ada')));
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    probe?.[Symbol.dispose]();
    await cluster?.stop();
  });

  it('captures are given back as they were taken: the SDK never disables one', async () => {
    expect(await ada.captureRoundTrip()).toEqual({
      whileMuted: true,
      afterUnpublish: true,
      replaced: true,
      disabled: false,
    });
  });

  it('the app gets an event when the system takes the microphone away and gives it back', async () => {
    expect(await ada.interruptMicrophone(['mute', 'unmute'])).toEqual(['interrupted', 'live']);
  });

  it('a larger capture is shown in full, in three layers', async () => {
    await ada.sendCanvas({ width: 1280, height: 720 });
    await everyoneSees({ width: 1280, height: 720 }, 40_000);
    await everyoneKnowsOfLayers(3);
  }, 60_000);

  it('a smaller capture is shown in its own size within 2 s, and the room shows one layer', async () => {
    await ada.sendCanvas({ width: 320, height: 240 });
    await everyoneSees({ width: 320, height: 240 }, 2000);
    await everyoneKnowsOfLayers(1);
    await everyoneSees({ width: 320, height: 240 }, 5000);
  });

  it('from 480 x 270 to 1280 x 720 the picture gets its layers and its bitrate', async () => {
    await ada.sendCanvas({ width: 480, height: 270 });
    await everyoneSees({ width: 480, height: 270 }, 5000);
    await everyoneKnowsOfLayers(2);
    await ada.sendCanvas({ width: 1280, height: 720 });
    await everyoneSees({ width: 1280, height: 720 }, 40_000);
    await everyoneKnowsOfLayers(3);
    await eventually(
      'more bits than 480 x 270 may take',
      async () => (await viewers[0]!.receivedPicture('ada')).bitrateBps > 700_000,
      { deadlineMs: 20_000 },
    );
  }, 90_000);

  it('the same capture changes its size, as a phone that is turned does', async () => {
    await ada.resizeCanvas({ width: 320, height: 240 });
    await everyoneSees({ width: 320, height: 240 }, 3000);
    await ada.resizeCanvas({ width: 240, height: 320 });
    await everyoneSees({ width: 240, height: 320 }, 3000);
    await everyoneKnowsOfLayers(1);
  });

  it('nothing is left of the streams before: each track crosses the pipe once', async () => {
    await eventuallyHolds(async () => expect(duplicatePipedTracks((await probe.room(room))!)).toBe(0));
  });

  it('a microphone that has ended goes along with a move, and leaves no sound context', async () => {
    expect(await ada.openSoundContexts()).toBe(0);
    await ada.stopMicrophone();
    await probe.drainNode(cluster.mediaNodes[0]!.nodeId, 20_000);
    await eventuallyHolds(
      async () => {
        const media = await probe.room(room);
        expect(media!.participants.map(({ nodeId }) => nodeId)).not.toContain(cluster.mediaNodes[0]!.nodeId);
        expect(media!.tracks.filter(({ identity }) => identity === 'ada')).toHaveLength(2);
      },
      { deadlineMs: 20_000 },
    );
    await eventuallyHolds(async () => expect(await ada.openSoundContexts()).toBe(0));
    await ada.press('leave');
    await eventuallyHolds(async () => expect(await ada.openSoundContexts()).toBe(0));
  }, 60_000);

  it('no page had an error', () => {
    expect([ada, ...viewers].flatMap(({ problems }) => problems)).toEqual([]);
  });
});
