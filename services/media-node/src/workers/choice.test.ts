import { describe, expect, test } from 'vitest';
import { chooseWorker, type WorkerView } from './choice.ts';

const policy = { maxCpu: 0.7, maxSessions: 10 };

function worker(index: number, given: Partial<WorkerView> = {}): WorkerView {
  return { index, running: true, cpu: 0.1, sessions: 0, hostsRoom: false, ...given };
}

describe('a session is put on', () => {
  test.each([
    [
      'the worker that hosts its room, though another one is emptier',
      [worker(0), worker(1, { hostsRoom: true, sessions: 5 })],
      1,
    ],
    [
      'the one with the fewest sessions when none hosts the room',
      [worker(0, { sessions: 3 }), worker(1, { sessions: 2 })],
      1,
    ],
    ['the one with less CPU when sessions are even', [worker(0, { cpu: 0.5 }), worker(1, { cpu: 0.2 })], 1],
    [
      'another one when the hosting one is out of CPU',
      [worker(0, { hostsRoom: true, cpu: 0.7 }), worker(1)],
      1,
    ],
    [
      'another one when the hosting one is full',
      [worker(0, { hostsRoom: true, sessions: 10 }), worker(1)],
      1,
    ],
    ['the emptiest when all are full', [worker(0, { sessions: 12 }), worker(1, { sessions: 11 })], 1],
    ['one that runs', [worker(0, { running: false, hostsRoom: true }), worker(1, { cpu: 0.9 })], 1],
    ['none when none runs', [worker(0, { running: false })], undefined],
  ])('%s', (_which, workers, expected) => {
    expect(chooseWorker(workers, policy)).toBe(expected);
  });
});
