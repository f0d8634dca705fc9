import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { ClusterProbe, eventuallyHolds, launchBrowser, MeetingPage, type Browser } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** As a browser that does not take one of the ICE servers: its constructor throws, after the join was answered. */
function refuseIceServers(): void {
  const Native = RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration?: RTCConfiguration) {
      if (configuration?.iceServers?.length) throw new DOMException('not a valid ICE server', 'SyntaxError');
      super(configuration);
    }
  };
}

describe('a browser that refuses an ICE server', () => {
  const room = 'refused';
  let cluster: LocalCluster;
  let browser: Browser;
  let probe: ClusterProbe;
  let ada: MeetingPage;

  beforeAll(async () => {
    const env = { SKEIN_ICE_SERVERS: '[{"urls":["stun:127.0.0.1:9"]}]' };
    [cluster, browser] = await Promise.all([startCluster({ mediaNodes: 1, env }), launchBrowser()]);
    probe = new ClusterProbe(cluster.control!.grpcAddress);
    ada = await MeetingPage.openLobby(browser, cluster.gateways[0]!.url, {
      room,
      name: 'ada',
      initScript: refuseIceServers,
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    probe?.[Symbol.dispose]();
    await cluster?.stop();
  });

  it('says what is wrong, and leaves nobody behind in the room, however often joining is tried', async () => {
    for (let attempt = 1; attempt <= 3; attempt++) {
      await ada.press('join');
      const problem = ada.page.getByText('This browser could not set up audio and video.');
      await problem.waitFor({ timeout: 10_000 });
      await eventuallyHolds(async () => expect(await probe.rooms()).toEqual([]), { deadlineMs: 5000 });
    }
  });
});
