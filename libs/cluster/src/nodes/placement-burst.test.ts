import { createMemoryBus } from '@skein/bus/testing';
import { subjects } from '@skein/protocol';
import { seededRandom, type Random } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openNodeDirectory, type NodeDirectory, type NodeRegistry } from '../index.ts';
import { aNode } from '../testing/builders.ts';

const BEAT_MS = 250;
/** From the moment that a session is open until its media flows. */
const FLOWING_AFTER_MS = 700;
/** The node measures over this time. */
const MEASURED_MS = 1000;
/** Of one core, while a session shakes hands. */
const HANDSHAKE_CPU = 0.01;

/** A node that reports as real ones do: sessions at once, their cost late, handshakes on top. */
class SimulatedNode {
  readonly nodeId: string;
  readonly #joinedMs: number[] = [];
  readonly #burst: Burst;
  readonly #random: Random;
  #beat = 0;

  constructor(nodeId: string, burst: Burst, random: Random) {
    this.nodeId = nodeId;
    this.#burst = burst;
    this.#random = random;
  }

  get sessions(): number {
    return this.#joinedMs.length;
  }

  join(nowMs: number): void {
    this.#joinedMs.push(nowMs);
  }

  report(nowMs: number): object {
    const { openedAfterMs, sessionCost } = this.#burst;
    const opened = this.#joinedMs.map((atMs) => atMs + openedAfterMs).filter((atMs) => atMs <= nowMs);
    const flowing = opened.reduce((sum, atMs) => {
      const share = (nowMs - atMs - FLOWING_AFTER_MS) / MEASURED_MS;
      return sum + Math.min(1, Math.max(0, share));
    }, 0);
    const shaking = opened.filter((atMs) => nowMs - atMs < MEASURED_MS).length;
    const noise = 0.9 + 0.2 * this.#random();
    const used = (flowing * sessionCost + shaking * HANDSHAKE_CPU) * noise;
    return aNode(this.nodeId, { beat: this.#beat++, used, sessions: opened.length });
  }
}

interface Burst {
  readonly seed: number;
  readonly nodeCount: number;
  readonly rooms: number;
  readonly sessionCost: number;
  /** From its placement until the node counts a session. */
  readonly openedAfterMs: number;
}

/** The counts of the store: one per node and beat. */
function sharedCounts(): NodeRegistry {
  const counts = new Map<string, number>();
  const registry = {
    list: () => Promise.resolve([]),
    countAssignment(nodeId: string, beat: number) {
      const key = `${nodeId}:${beat}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      return Promise.resolve(counts.get(key));
    },
  };
  return registry as unknown as NodeRegistry;
}

/** As the placing script does: the open host of most members, else the fallback. */
function chosen(directory: NodeDirectory, hosts: Map<string, number>): string {
  const { openNodeIds, fallbackNodeId = '' } = directory.candidates();
  const open = [...hosts].filter(([nodeId]) => openNodeIds.includes(nodeId));
  const [most] = open.toSorted(([, one], [, other]) => other - one);
  const nodeId = most?.[0] ?? fallbackNodeId;
  hosts.set(nodeId, (hosts.get(nodeId) ?? 0) + 1);
  return nodeId;
}

const JOINS = 200;
const BURST_MS = 5000;

/** 200 joins in 5 s through two gateways; how many each node got. */
async function carryOut(burst: Burst): Promise<number[]> {
  const { seed, nodeCount, rooms } = burst;
  const random = seededRandom(seed);
  const clock = new FakeClock();
  const hub = createMemoryBus({ clock });
  const bus = hub.connect('nodes');
  const registry = sharedCounts();
  const directories = ['one', 'two'].map((name) =>
    openNodeDirectory({ ...{ bus: hub.connect(name), nodes: registry, clock, random }, log: silentLogger }),
  );
  await Promise.all(directories.map((directory) => directory.start()));
  const nodes = Array.from({ length: nodeCount }, (_, n) => new SimulatedNode(`n${n}`, burst, random));
  const timers = nodes.flatMap((node) => {
    const beat = (): void => bus.publish(subjects.nodeBeat(node.nodeId), node.report(clock.monotonicMs()));
    beat();
    return [clock.after(BEAT_MS * random(), () => timers.push(clock.every(BEAT_MS, beat)))];
  });
  await clock.advance(BEAT_MS);
  const hosts = Array.from({ length: rooms }, () => new Map<string, number>());
  for (let n = 0; n < JOINS; n++) {
    await clock.advance((BURST_MS / JOINS) * 2 * random());
    const directory = directories[Math.floor(random() * 2)];
    const room = hosts[n % rooms];
    if (!directory || !room) continue;
    const nodeId = chosen(directory, room);
    directory.noteAssignment(nodeId);
    nodes.find((node) => node.nodeId === nodeId)?.join(clock.monotonicMs());
  }
  for (const timer of timers) timer[Symbol.dispose]();
  for (const directory of directories) directory.close();
  return nodes.map(({ sessions }) => sessions);
}

describe('200 joins in 5 s through two gateways', () => {
  it.each([1, 3, 10, 100])('of %i rooms give no node more than 1.3 times its fair share', async (rooms) => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          ...{ seed: fc.nat(), nodeCount: fc.integer({ min: 3, max: 5 }), rooms: fc.constant(rooms) },
          sessionCost: fc.constantFrom(0.0002, 0.002, 0.008),
          openedAfterMs: fc.constantFrom(30, 300, 600),
        }),
        async (burst) => {
          const shares = await carryOut(burst);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(JOINS);
          expect(Math.max(...shares)).toBeLessThanOrEqual((1.3 * JOINS) / burst.nodeCount);
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });

  it('leave a room of ten together', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const clock = new FakeClock();
      const bus = createMemoryBus({ clock }).connect('one');
      const parts = { bus, nodes: sharedCounts(), clock, random: seededRandom(seed), log: silentLogger };
      const one = openNodeDirectory(parts);
      await one.start();
      for (const nodeId of ['n1', 'n2', 'n3']) bus.publish(subjects.nodeBeat(nodeId), aNode(nodeId));
      await clock.advance(0);
      const hosts = new Map<string, number>();
      for (let n = 0; n < 10; n++) one.noteAssignment(chosen(one, hosts));
      expect([...hosts.values()]).toEqual([10]);
      one.close();
    }
  });
});
