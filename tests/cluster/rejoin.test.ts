import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { eventuallyHolds, launchBrowser, MeetingPage, type Browser } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('somebody who was muted and joins again', () => {
  const room = 'again';
  let cluster: LocalCluster;
  let browser: Browser;
  let ada: MeetingPage;
  let ben: MeetingPage;

  const join = (name: string): Promise<MeetingPage> =>
    MeetingPage.join(browser, cluster.gateways[0]!.url, { room, name });
  const adaIs = async (state: { muted: boolean; camera: boolean }): Promise<void> => {
    for (const page of [ada, ben])
      await eventuallyHolds(async () => expect((await page.tiles()).get('ada')).toEqual(state));
  };

  beforeAll(async () => {
    [cluster, browser] = await Promise.all([startCluster({ mediaNodes: 1 }), launchBrowser()]);
    ada = await join('ada');
    ben = await join('ben');
    await ben.seesAndHears('ada');
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await cluster?.stop();
  });

  it('is muted still, for everyone, with the camera as it was', async () => {
    await ada.press('mute');
    await ada.press('camera');
    await adaIs({ muted: true, camera: false });
    await using _elsewhere = await join('ada');
    await ada.page.locator('[data-action="rejoin"]').click();
    await ada.joined();
    await adaIs({ muted: true, camera: false });
  });

  it('is seen and heard after turning both on', async () => {
    await ada.press('mute');
    await ada.press('camera');
    await adaIs({ muted: false, camera: true });
    await ben.seesAndHears('ada');
  });

  it('sees that the system has turned the microphone off', async () => {
    const hint = ada.page.locator('[data-testid="interrupted"]');
    expect(await hint.isVisible()).toBe(false);
    await ada.interruptMicrophone(['mute']);
    expect(await hint.textContent()).toBe('Your system has turned off the microphone');
    expect(await hint.isVisible()).toBe(true);
    await ada.interruptMicrophone(['unmute']);
    expect(await hint.isVisible()).toBe(false);
  });
});
