import { startCluster, type LocalCluster } from '@skein/local-cluster';
import {
  eventually,
  eventuallyHolds,
  FreezableBrowser,
  launchBrowser,
  MeetingPage,
  SignalClient,
  type Browser,
} from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// In order: Ada's whole browser freezes for 25 s, as a closed laptop does, and resumes.
describe('somebody whose computer vanishes from the network', () => {
  const room = 'vanished';
  let cluster: LocalCluster;
  let adasBrowser: FreezableBrowser;
  let bensBrowser: Browser;
  let ben: MeetingPage;
  let observer: SignalClient;

  /** What the room was told of Ada. */
  const changesOfAda = (): string[] =>
    observer.events
      .filter(({ event }) => event === 'roomChanged')
      .map(({ data }) => data as { type: string; identity?: string; participant?: { identity: string } })
      .filter(
        (one) => one.type.startsWith('participant') && (one.identity ?? one.participant?.identity) === 'ada',
      )
      .map(({ type }) => type);

  beforeAll(async () => {
    [cluster, adasBrowser, bensBrowser] = await Promise.all([
      startCluster({ gateways: 1, mediaNodes: 2 }),
      FreezableBrowser.launch(),
      launchBrowser(),
    ]);
    const { url, signalUrl } = cluster.gateways[0]!;
    const small = { width: 160, height: 120 };
    ben = await MeetingPage.join(bensBrowser, url, { room, name: 'ben', ...small });
    await MeetingPage.join(adasBrowser.browser, url, { room, name: 'ada', ...small });
    await ben.seesAndHears('ada');
    observer = await SignalClient.open(signalUrl);
    await observer.join(room, 'observer');
  }, 60_000);

  afterAll(async () => {
    await adasBrowser?.[Symbol.asyncDispose]();
    await bensBrowser?.close();
    await observer?.[Symbol.asyncDispose]();
    await cluster?.stop();
  });

  it('is shown as lost within 10 s, in words, and is gone within 25 s, without a move', async () => {
    const words = ben.page.locator(
      '[data-testid="tile"][data-identity="ada"] [data-testid="connection-lost"]',
    );
    expect(await words.isVisible()).toBe(false);
    adasBrowser.freeze();
    const startMs = performance.now();
    const leftMs = (deadlineMs: number): number => startMs + deadlineMs - performance.now();
    await eventually('the tile says so', () => words.isVisible(), { deadlineMs: leftMs(10_000) });
    expect(await words.textContent()).toBe('Connection lost');
    expect((await ben.room()).others).toMatchObject({ ada: 'lost' });
    await eventually('Ada leaves', () => changesOfAda().includes('participantLeft'), {
      deadlineMs: leftMs(25_000),
    });
    expect(changesOfAda()).toEqual(['participantUpdated', 'participantLeft']);
  }, 40_000);

  it('joins again when it wakes up: once, within 5 s, as the same participant', async () => {
    const before = changesOfAda().length;
    adasBrowser.thaw();
    await eventually('Ada is back', () => changesOfAda().length > before, { deadlineMs: 5000 });
    await ben.seesAndHears('ada');
    await eventuallyHolds(async () => expect((await ben.room()).others).toMatchObject({ ada: 'connected' }));
    expect(changesOfAda().slice(before)).toEqual(['participantJoined']);
  }, 30_000);
});
