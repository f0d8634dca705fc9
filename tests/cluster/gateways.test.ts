import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { eventuallyHolds, launchBrowser, MeetingPage, type Browser } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// One call, told in order. Every page was opened at gateway-1 and was given no other address.
describe('pages that know one gateway of two', () => {
  const names = ['ada', 'ben', 'cleo'];
  let cluster: LocalCluster;
  let browser: Browser;
  let pages: MeetingPage[];

  const everyoneSeesAndHears = async (): Promise<void> => {
    const pairs = pages.flatMap((page) =>
      names.filter((name) => name !== page.name).map((name) => ({ page, name })),
    );
    await Promise.all(pairs.map(({ page, name }) => page.seesAndHears(name, 30_000)));
  };
  const left = async (): Promise<string[]> =>
    (await Promise.all(pages.map((page) => page.room()))).flatMap((room) => room.left);
  const everyoneIsAt = (gateway: number): Promise<void> =>
    eventuallyHolds(
      async () => {
        const { host } = new URL(cluster.gateways[gateway]!.url);
        for (const page of pages)
          expect(await page.room()).toMatchObject({
            state: 'connected',
            gateway: `ws://${host}/v1/signal`,
          });
      },
      { deadlineMs: 20_000 },
    );

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ gateways: 2, mediaNodes: 3 }), launchBrowser()]);
    const { url } = cluster.gateways[0]!;
    const join = (name: string, place: number): Promise<MeetingPage> =>
      MeetingPage.join(browser, url, { room: 'two', name, nodeId: cluster.mediaNodes[place]!.nodeId });
    pages = await Promise.all(names.map(join));
    await Promise.all(pages.map((page) => page.watchRoom()));
    await everyoneSeesAndHears();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
  });

  it('reconnect to the other one when theirs is killed: nobody leaves the room', async () => {
    await cluster.gateways[0]!.kill();
    await everyoneIsAt(1);
    await everyoneSeesAndHears();
    expect(await left()).toEqual([]);
  }, 60_000);

  it('see and hear each other again when a gateway and a media node die at the same moment', async () => {
    await cluster.gateways[0]!.start();
    await Promise.all([cluster.gateways[1]!.kill(), cluster.mediaNodes[0]!.kill()]);
    await everyoneIsAt(0);
    expect((await pages[0]!.room()).nodeId).not.toBe(cluster.mediaNodes[0]!.nodeId);
    await everyoneSeesAndHears();
    expect(await left()).toEqual([]);
  }, 90_000);
});
