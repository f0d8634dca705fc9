import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';
import { problemText } from './problems.ts';
import { readScenario } from './read.ts';
import type { Scenario } from './schema.ts';
import { suggest } from './suggestion.ts';

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
  it('is told for all settings at once, with the line', () => {
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
      `${SMALL}judges: {room: peple-1}`,
      'judges.room (line 7): there is no room peple-1; did you mean people-1?',
    ],
    [
      'name: [',
      'is not YAML: Flow sequence in block collection must be sufficiently indented and end with a ] (line 1)',
    ],
    ['hello', 'a scenario is a list of settings such as `name: meeting`'],
  ])('is told in words: %s', (text, problem) => {
    expect(problems(text)).toContain(problem);
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
  expect(parseDuration(text)).toBe(ms);
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
