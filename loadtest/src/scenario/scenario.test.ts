import { describe, expect, it } from 'vitest';
import { formatDuration, parseDurationMs } from '@skein/runtime';
import { problemText } from './problems.ts';
import { readScenario } from './read.ts';
import type { Scenario } from './schema.ts';
import { suggest } from '../cli/suggestion.ts';

function scenario(text: string): Scenario {
  const read = readScenario(text);
  if (read.kind === 'refused') throw new Error(read.problems.map(problemText).join('\n'));
  return read.scenario;
}

function problems(text: string): string[] {
  const read = readScenario(text);
  return read.kind === 'refused' ? read.problems.map(problemText) : [];
}

const SMALL = `
name: small
duration: 30s
groups:
  - name: people
    peersPerRoom: 2
`;

describe('a scenario', () => {
  it('needs a name, a duration and a group; the rest is filled in', () => {
    expect(scenario(SMALL)).toMatchObject({
      ...{ name: 'small', duration: 30_000, seed: 1, faults: [], judges: { count: 0 }, thresholds: {} },
      cluster: { mediaNodes: 2, gateways: 1 },
      groups: [{ rooms: 1, subscribe: 'all', connect: 'media', join: { over: 0, after: 0 } }],
    });
  });

  it('takes a stay that is the same for all or drawn between two times', () => {
    expect(scenario(`${SMALL}    stay: 10s`).groups[0]?.stay).toEqual({ min: 10_000, max: 10_000 });
    expect(scenario(`${SMALL}    stay: {min: 1s, max: 2m}`).groups[0]?.stay).toEqual({
      ...{ min: 1000, max: 120_000 },
    });
  });

  it('takes a threshold as a number or as bounds', () => {
    const read = scenario(`${SMALL}thresholds: {loss: 0, longestGapMs: 500, joinMs: {p95: 300}}`);
    expect(read.thresholds).toEqual({ loss: 0, longestGapMs: { max: 500 }, joinMs: { p95: 300 } });
  });
});

describe('what is wrong with a scenario', () => {
  it('is reported for all settings at once, with the line', () => {
    const found = problems('name: small\nduration: 30\ngroups:\n  - name: a b\n    peersPerRoom: none\n');
    expect(found).toEqual([
      'duration (line 2): is 30; write a time with its unit, such as 500ms, 30s, 5m or 1h',
      'groups[0].name (line 4): is "a b"; write a name for the group: 1-64 letters, digits and _ . : -',
      'groups[0].peersPerRoom (line 5): is "none"; write a whole number from 1 to 50000',
    ]);
  });

  it.each([
    [`${SMALL}durration: 5s`, 'durration (line 7): there is no such setting; did you mean duration?'],
    [
      `${SMALL}    subscrib: all`,
      'groups[0].subscrib (line 7): there is no such setting; did you mean subscribe?',
    ],
    [
      `${SMALL}    join: {reate: 1}`,
      'groups[0].join.reate (line 7): there is no such setting; did you mean rate?',
    ],
    [`${SMALL}thresholds: {los: 0}`, 'thresholds.los (line 7): there is no such setting; did you mean loss?'],
    [
      `${SMALL}    connect: sinaling`,
      'groups[0].connect (line 7): is "sinaling"; write one of media, signaling; did you mean signaling?',
    ],
    [
      `${SMALL}judges: {nonsense: 1}`,
      'judges.nonsense (line 7): there is no such setting; there are count, room',
    ],
  ])('suggests what a typo was meant to be: %s', (text, problem) => {
    expect(problems(text)).toEqual([problem]);
  });

  it.each([
    ['name: x\ngroups: []', 'duration: is missing; write a time with its unit, such as 500ms, 30s, 5m or 1h'],
    [
      `${SMALL}    stay: soon`,
      'groups[0].stay (line 7): is "soon"; write a time such as 30s, or {min: 20s, max: 60s}',
    ],
    [`${SMALL}    stay: 10ms`, 'groups[0].stay (line 7): is shorter than 1s'],
    [`${SMALL}    away: 1s`, 'groups[0].away (line 7): needs a stay: how long before they leave'],
    [
      `${SMALL}    join: {rate: 1, over: 1s}`,
      'groups[0].join (line 7): has both rate and over; write one of them',
    ],
    [
      `${SMALL}    connect: signaling\n    publish: {audio: true}`,
      'groups[0].publish (line 8): needs media; write connect: media, or publish nothing',
    ],
    [
      `${SMALL}    role: viewer\n    publish: {audio: true}`,
      'groups[0].publish (line 8): needs participants; write role: participant, or publish nothing',
    ],
    [`${SMALL}    role: watcher`, 'groups[0].role (line 7): is "watcher"; write one of participant, viewer'],
    [
      `${SMALL}faults: [{at: 1s, do: kill, target: media-nod-1}]`,
      'faults[0].target (line 7): there is no process media-nod-1 in this scenario’s cluster; did you mean media-node-1?',
    ],
    [
      `${SMALL}faults: [{at: 40s, do: kill, target: nats}]`,
      'faults[0].at (line 7): is after the end of the run',
    ],
    [
      `${SMALL}faults: [{at: 1s, do: freeze, target: nats, for: 0s}]`,
      'faults[0].for (line 7): is no time at all',
    ],
    [SMALL.replace('30s', '0s'), 'duration (line 3): is shorter than 1s'],
    [
      `${SMALL}judges: {room: peple-1}`,
      'judges.room (line 7): there is no room peple-1; did you mean people-1?',
    ],
    [
      'name: [',
      'is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (line 1)',
    ],
    ['hello', 'a scenario is a list of settings such as `name: meeting`'],
  ])('is explained: %s', (text, problem) => {
    expect(problems(text)).toContain(problem);
  });
});

describe('settings of the cluster', () => {
  const settings = (text: string): string[] => problems(`${SMALL}cluster: {settings: {${text}}}`);

  it.each([
    [
      'SKEIN_ROOM_MAX_PARTICIPANT: 5',
      'SKEIN_ROOM_MAX_PARTICIPANT (line 7): no service has this setting; did you mean SKEIN_ROOM_MAX_PARTICIPANTS?',
    ],
    [
      'SKEIN_NODE_WORKRS: 3',
      'SKEIN_NODE_WORKRS (line 7): no service has this setting; cluster.workersPerNode says how many workers a node has',
    ],
    [
      'SKEIN_NODE_WORKERS: 3',
      'SKEIN_NODE_WORKERS (line 7): is not taken from here: cluster.workersPerNode says how many workers a node has',
    ],
    [
      'SKEIN_REDIS_URL: redis://x:1',
      'SKEIN_REDIS_URL (line 7): is set by the tool itself, for each process; leave it out',
    ],
  ])('that would have no effect are refused: %s', (text, problem) => {
    expect(settings(text)).toEqual([`cluster.settings.${problem}`]);
  });

  it('that nothing is near to are listed', () => {
    expect(settings('SKEIN_X: 1')).toEqual([
      expect.stringMatching(/there are SKEIN_\w+, .*\bSKEIN_LOG_LEVEL, /),
    ]);
  });

  it('that a service has are taken', () => {
    expect(settings('SKEIN_ROOM_MAX_PARTICIPANTS: 5, SKEIN_LOG_LEVEL: debug')).toEqual([]);
  });
});

describe('peers that would not come before the run ends', () => {
  const ten = (join: string): string => `${SMALL.replace('Room: 2', 'Room: 10')}    join: {${join}}\n`;

  it.each([
    [
      'rate: 0.001',
      '9 of its 10 peers would not come before the run ends; write a rate of 0.31 or more, or a duration of 9001s or more',
    ],
    [
      'after: 30s',
      'none of its 10 peers would come before the run ends; write an earlier after, or a duration of 31s or more',
    ],
    [
      'over: 1m',
      '5 of its 10 peers would not come before the run ends; write a shorter over, or a duration of 55s or more',
    ],
    ['rate: 1.0e-9', '9 of its 10 peers would not come before the run ends; write a rate of 0.31 or more'],
    ['rate: 1.0e-320', '10 peers would come before the run ends'],
  ])('are refused, with what would let them come: %s', (join, problem) => {
    expect(problems(ten(join))).toEqual([expect.stringContaining(problem)]);
    expect(problems(ten(join))[0]).toContain('groups[0].join (line 7): ');
  });

  it.each(['rate: 0.31', 'rate: 0.3001', 'over: 30s', 'over: 30s, arrivals: random', 'after: 29.999s'])(
    'are none: %s',
    (join) => {
      expect(problems(ten(join))).toEqual([]);
    },
  );

  it('are looked for with the seed that is played', () => {
    const random = ten('rate: 0.4, arrivals: random');
    const seeds = Array.from({ length: 40 }, (_, index) => index + 1);
    const kinds = seeds.map((seed) => readScenario(random, seed).kind);
    expect(new Set(kinds)).toEqual(new Set(['scenario', 'refused']));
    expect(readScenario(SMALL, 7)).toMatchObject({ kind: 'scenario', scenario: { seed: 7 } });
  });

  it('are not counted one by one where there are more than can be played', () => {
    const crowd = SMALL.replace('peersPerRoom: 2', 'rooms: 100000\n    peersPerRoom: 50000');
    expect(problems(crowd)).toEqual([
      'groups (line 5): are 5000000000 peers together; at most 50000 can be played',
    ]);
  });
});

describe('aliases', () => {
  const list = (name: string): string => `[${Array.from({ length: 9 }, () => `*${name}`).join(', ')}]`;
  const bomb = ['a: &a [x, x]', `b: &b ${list('a')}`, `c: &c ${list('b')}`, `d: ${list('c')}`].join('\n');

  it.each([
    ['that multiply without end', `${bomb}\n${SMALL}`],
    ['of nothing', `${SMALL}about: *nothing`],
  ])('%s are explained', (_, text) => {
    expect(problems(text)).toEqual([
      'its aliases (*name) have no end or stand for nothing; write out what they stand for',
    ]);
  });

  it('that contain themselves are reported like any other wrong value', () => {
    expect(problems('name: x\nduration: 1s\ngroups: &all [*all]')).toEqual([
      expect.stringContaining('groups[0] (line 3): is without end; '),
    ]);
  });

  it('of what is there are resolved', () => {
    expect(
      scenario(`${SMALL}  - {name: &other others, peersPerRoom: 1, roomName: *other}`).groups[1],
    ).toMatchObject({
      roomName: 'others',
    });
  });
});

it.each([
  ['500ms', 500],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['10', undefined],
  ['-1s', undefined],
  ['1 day', undefined],
])('reads the duration %s', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

it.each([
  [20, '20 ms'],
  [30_000, '30 s'],
  [150_000, '2 min 30 s'],
  [3_900_000, '1 h 5 min'],
])('tells %d ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

it('suggests only what is near', () => {
  expect(suggest('meeitng', ['meeting', 'webinar'])).toBe('meeting');
  expect(suggest('zzz', ['meeting'])).toBeUndefined();
});
