import type { RegisteredNode } from '@skein/cluster';
import { type NodeRecord, SkeinError } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it } from 'vitest';
import { CLAIM_DEADLINE_MS, claimNodeId, LAPSE_DEADLINE_MS } from './node-id-claim.ts';

function setUp() {
  const clock = new FakeClock();
  const registry = { holders: [] as string[], fails: false, renews: false, beat: 0 };
  const list = async (): Promise<readonly RegisteredNode[]> => {
    if (registry.fails) throw SkeinError.unavailable('the store');
    if (registry.renews) registry.beat++;
    return registry.holders.map((nodeId) => ({
      record: { nodeId, beat: registry.beat } as NodeRecord,
      ...{ fence: 1, leaseAgeMs: 10 },
    }));
  };
  const claim = { outcome: 'waiting' };
  const begin = (): void =>
    void claimNodeId({ nodeId: 'one', nodes: { list }, clock, log: silentLogger }).then(
      () => (claim.outcome = 'claimed'),
      (error: Error) => (claim.outcome = error.message),
    );
  return { clock, registry, claim, begin };
}

it('a free node id is claimed at once, whatever other nodes there are', async () => {
  const { clock, registry, claim, begin } = setUp();
  registry.holders = ['two', 'three'];
  begin();
  await clock.advance(0);
  expect(claim.outcome).toBe('claimed');
});

it('the node id of a killed process is claimed when its lease has expired', async () => {
  const { clock, registry, claim, begin } = setUp();
  registry.holders = ['one'];
  begin();
  await clock.advance(600);
  expect(claim.outcome).toBe('waiting');
  registry.holders = [];
  await clock.advance(100);
  expect(claim.outcome).toBe('claimed');
});

it('the claim waits for the longest lease of a killed process that was far from the store', async () => {
  const { clock, registry, claim, begin } = setUp();
  registry.holders = ['one'];
  begin();
  await clock.advance(LAPSE_DEADLINE_MS - 500);
  expect(claim.outcome).toBe('waiting');
  registry.holders = [];
  await clock.advance(100);
  expect(claim.outcome).toBe('claimed');
});

it('a node id that another process keeps renewing is refused, with advice', async () => {
  const { clock, registry, claim, begin } = setUp();
  registry.holders = ['one'];
  registry.renews = true;
  begin();
  for (let passedMs = 0; passedMs < CLAIM_DEADLINE_MS + 200; passedMs += 100) await clock.advance(100);
  expect(claim.outcome).toBe(
    'another process runs as node one; give each its own SKEIN_NODE_ID, or stop that one first',
  );
});

it('a store that does not answer delays no claim', async () => {
  const { clock, registry, claim, begin } = setUp();
  registry.fails = true;
  begin();
  await clock.advance(0);
  expect(claim.outcome).toBe('claimed');
});
