import { benches } from '@skein/loadtest/bench';
import { limits } from '@skein/protocol';
import { expect, it } from 'vitest';

it('a room where everybody publishes is joined, read, drained and left in bounded messages', async () => {
  const bench = benches.find(({ name }) => name === 'crowd');
  const { signal } = new AbortController();
  const result = await bench!.run({ form: 'short', seed: 1, say: () => {}, signal });
  const people = result['people'] as number;
  expect(result).toMatchObject({
    ...{ failed: 0, lost: 0, leaks: 0, leftOver: [] },
    fullRoom: { shown: people, subscriptions: 2 * (people - 1) },
    reported: { participants: people, tracks: 2 * people, silentNodes: 0 },
    drain: { missing: 0, missingTracks: 0 },
  });
  const { moved, sessions } = result['drain'] as { moved: number; sessions: number };
  expect(moved).toBeGreaterThanOrEqual(sessions);
  expect(sessions).toBeGreaterThan(0);
  const { webSocket, nats, grpc } = result['largestBytes'] as Record<string, number>;
  expect(webSocket).toBeLessThan(limits.roomPageBytes + limits.subscriptionBytesPerAnswer + 32 * 1024);
  expect(nats).toBeLessThan(limits.busMessageBytes);
  expect(grpc).toBeLessThan(512 * 1024);
}, 60_000);
