import { Emitter } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import type { PeerReport } from '@skein/native-peer/measures';
import { PeerError, type PeerPlan, type PeerProcess, type PeerProcessEvents } from '@skein/native-peer';
import { Fleet, type FleetListener } from './fleet.ts';
import { testReport } from '../testing/peer-reports.ts';

class FakeProcess implements PeerProcess {
  readonly events = new Emitter<PeerProcessEvents>();
  readonly joined: string[] = [];
  readonly left: string[] = [];
  stopped = false;
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  async join({ peerId }: PeerPlan) {
    if (peerId.startsWith('refused')) throw new PeerError('ROOM_FULL', 'the room is full');
    this.joined.push(peerId);
    return { peerId, sessionId: 's', nodeId: 'n', joinMs: 1, answerMs: 1, tracks: 0 };
  }

  async leave(peerId: string): Promise<void> {
    this.left.push(peerId);
  }

  async vanish(peerId: string): Promise<void> {
    this.left.push(`${peerId} vanished`);
  }

  async report(): Promise<PeerReport> {
    return testReport({ packetsReceived: 1 });
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  async publish(): Promise<void> {}
  async unpublish(): Promise<void> {}
  async preferLayers(): Promise<void> {}
  async hold(): Promise<void> {}
  [Symbol.asyncDispose] = (): Promise<void> => this.stop();
}

async function fleetOf(count: number) {
  const processes: FakeProcess[] = [];
  const told: string[] = [];
  const listener: FleetListener = {
    onEvent: ({ type, peerId }) => told.push(`${type} ${peerId}`),
    onReport: (process) => told.push(`report of ${process}`),
    onDeath: (reason, peers) => told.push(`${reason}, ${peers} peers`),
  };
  const fleet = await Fleet.start({
    ...{ processes: count, seed: 1, listener },
    startProcess: async ({ seed }) => {
      const process = new FakeProcess(seed);
      processes.push(process);
      return process;
    },
  });
  return { fleet, processes, told, listener };
}

const plan = (peerId: string): PeerPlan => ({ peerId, url: 'http://x', room: 'r' });

describe('a fleet', () => {
  it('puts each peer into the emptiest process, and finds it again', async () => {
    const { fleet, processes } = await fleetOf(2);
    for (const id of ['a', 'b', 'c', 'd']) await fleet.join(plan(id));
    expect(processes.map(({ joined }) => joined)).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
    await fleet.leave('c', 'politely');
    await fleet.leave('b', 'vanish');
    await fleet.leave('b', 'politely');
    expect(processes.map(({ left }) => left)).toEqual([['c'], ['b vanished']]);
    await fleet.join(plan('e'));
    expect(processes[0]?.joined).toEqual(['a', 'c', 'e']);
  });

  it('forgets who could not join', async () => {
    const { fleet, processes } = await fleetOf(2);
    await expect(fleet.join(plan('refused-1'))).rejects.toThrow('the room is full');
    await fleet.join(plan('a'));
    expect(processes[0]?.joined).toEqual(['a']);
  });

  it('continues with the remaining processes, and reports how many peers died with one', async () => {
    const { fleet, processes, told, listener } = await fleetOf(2);
    for (const id of ['a', 'b', 'c']) await fleet.join(plan(id));
    processes[0]?.events.emit('died', { pid: 1, reason: 'killed' });
    expect(told).toEqual(['killed, 2 peers']);
    await fleet.leave('a', 'politely');
    await fleet.join(plan('d'));
    expect(processes[1]?.joined).toEqual(['b', 'd']);
    await fleet.collect(listener);
    expect(told).toEqual(['killed, 2 peers', 'report of 1']);
    processes[1]?.events.emit('died', { pid: 2, reason: 'killed too' });
    expect(fleet.alive).toBe(0);
    await expect(fleet.join(plan('e'))).rejects.toThrow('no process is left');
  });

  it('leaves none behind when one does not start', async () => {
    const started: FakeProcess[] = [];
    const starting = Fleet.start({
      ...{ processes: 2, seed: 1, listener: { onEvent() {}, onReport() {}, onDeath() {} } },
      startProcess: async ({ seed }) => {
        if (seed === 2) throw new Error('no memory');
        started.push(new FakeProcess(seed));
        return started[0]!;
      },
    });
    await expect(starting).rejects.toThrow('no memory');
    expect(started[0]?.stopped).toBe(true);
  });
});
