import { describe, expect, it } from 'vitest';
import { chooseWorker, type WorkerPolicy, type WorkerView } from './worker-choice.ts';

const policy = { maxCpu: 0.7, maxSessions: 10 };

/** Its sessions are all measured. */
function worker(index: number, given: Partial<WorkerView> = {}): WorkerView {
  const { sessions = 0 } = given;
  const shared = { running: true, suspect: false, full: false, cpu: 0.1, roomSessions: undefined };
  return { index, ...shared, sessions, sessionsMeasured: sessions, ...given };
}

describe('a session is put on', () => {
  it.each([
    [
      'the worker that hosts its room, though another one is emptier',
      [worker(0), worker(1, { roomSessions: 5, sessions: 5 })],
      1,
    ],
    [
      'the one with the least measured load when none hosts the room, whatever the number of its sessions',
      [worker(0, { cpu: 0.5, sessions: 2 }), worker(1, { cpu: 0.3, sessions: 4 })],
      1,
    ],
    [
      'the one with fewer sessions when they say more than the CPU, as before anybody sends',
      [worker(0, { sessions: 8, cpu: 0.05 }), worker(1, { sessions: 3, cpu: 0.06 })],
      1,
    ],
    [
      'another one when the hosting one is out of CPU',
      [worker(0, { roomSessions: 2, cpu: 0.7 }), worker(1)],
      1,
    ],
    [
      'another one when the hosting one will be out of CPU with those who have just come',
      [worker(0, { roomSessions: 2, cpu: 0.69, sessions: 6, sessionsMeasured: 4 }), worker(1)],
      1,
    ],
    [
      'another one when the hosting one is full',
      [worker(0, { roomSessions: 2, sessions: 10 }), worker(1)],
      1,
    ],
    ['the emptiest when all are full', [worker(0, { sessions: 12 }), worker(1, { sessions: 11 })], 1],
    ['one that runs', [worker(0, { running: false, roomSessions: 1 }), worker(1, { cpu: 0.9 })], 1],
    [
      'another one when the hosting one owes an answer, however full',
      [worker(0, { suspect: true, roomSessions: 1 }), worker(1, { sessions: 12 })],
      1,
    ],
    [
      'one that owes an answer when all do, or have died',
      [worker(0, { suspect: true, cpu: 0.2 }), worker(1, { suspect: true }), worker(2, { running: false })],
      1,
    ],
    ['none when none runs', [worker(0, { running: false })], undefined],
  ])('%s', (_which, workers, expected) => {
    expect(chooseWorker(workers, policy)).toBe(expected);
  });
});

describe('a room that grows', () => {
  const roomy = { maxCpu: 0.7, maxSessions: 500 };

  /** Sessions by worker. All join within the second in which nothing is measured, or each is measured before the next. */
  function grown(joins: number, workers: number, cpuPerSession: number | 'unmeasured', limits: WorkerPolicy) {
    const sessions = Array.from({ length: workers }, () => 0);
    for (let join = 0; join < joins; join++) {
      const measured = cpuPerSession !== 'unmeasured';
      const views = sessions.map((count, index) =>
        worker(index, {
          ...{ cpu: measured ? count * cpuPerSession : 0, sessions: count },
          sessionsMeasured: measured ? count : 0,
          roomSessions: count > 0 ? count : undefined,
        }),
      );
      const chosen = chooseWorker(views, limits) ?? -1;
      sessions[chosen] = (sessions[chosen] ?? 0) + 1;
    }
    return sessions;
  }

  it('a small room stays on one worker', () => {
    expect(grown(50, 4, 0.001, roomy)).toEqual([50, 0, 0, 0]);
  });

  it('a room spreads to further workers by fifties, and is even from then on', () => {
    expect(grown(120, 4, 0.001, roomy)).toEqual([50, 50, 20, 0]);
    expect(grown(500, 4, 0.001, roomy)).toEqual([125, 125, 125, 125]);
  });

  it('a room is even without measurements, as in a burst of joins', () => {
    expect(grown(500, 2, 'unmeasured', roomy)).toEqual([250, 250]);
  });

  it('a room is even where no worker has capacity left', () => {
    expect(grown(300, 2, 0.01, roomy)).toEqual([150, 150]);
  });

  it('a room spreads earlier when its sessions are expensive', () => {
    expect(grown(30, 2, 0.05, roomy)).toEqual([15, 15]);
  });

  it('a room takes less of a worker that carries other rooms', () => {
    const other = { cpu: 0.4, sessions: 100, sessionsMeasured: 100 };
    const hosted = { cpu: 0.2, sessions: 50, sessionsMeasured: 50, roomSessions: 50 };
    expect(chooseWorker([worker(0, other), worker(1, hosted)], roomy)).toBe(1);
  });
});
