import { settingsWithoutEffect } from './cluster-settings.ts';
import { latecomers } from './latecomers.ts';
import type { Contradiction, Path } from './problems.ts';
import { MOST_PEERS, type Fault, type Group, type Scenario } from './schema.ts';
import { suggest } from '../cli/suggestion.ts';

/** Shorter stays are no joins, and would make a plan without end. */
const SHORTEST_STAY_MS = 1000;
/** Figures are taken once a second. */
const SHORTEST_RUN_MS = 1000;

/** What each part of a scenario allows but the whole does not. */
export function contradictions(scenario: Scenario): Contradiction[] {
  const { groups, faults } = scenario;
  const rooms = roomNames(scenario);
  const ofWhole = [...tooShort(scenario), ...tooMany(groups)];
  return [
    ...ofWhole,
    ...settingsWithoutEffect(scenario),
    ...groups.flatMap((group, index) => ofGroup(group, ['groups', index], groups.slice(0, index))),
    // Too many to be counted, or no time in which anyone could come.
    ...(ofWhole.length > 0
      ? []
      : groups.flatMap((group, index) => latecomers(group, ['groups', index], scenario))),
    ...faults.flatMap((fault, index) => ofFault(fault, ['faults', index], scenario)),
    ...unknownRoom(scenario.judges.room, rooms),
  ];
}

function ofGroup(group: Group, path: Path, before: readonly Group[]): Contradiction[] {
  const { name, join, stay, away, connect, publish, role, layers } = group;
  const found: Contradiction[] = [];
  const say = (at: Path, message: string): void => void found.push({ path: [...path, ...at], message });
  if (before.some((other) => other.name === name))
    say(['name'], `is ${name} twice; give each group its own name`);
  if (join.rate !== undefined && join.over !== undefined)
    say(['join'], 'has both rate and over; write one of them');
  for (const [key, span] of Object.entries({ stay, away })) {
    if (span && span.min > span.max) say([key], 'has a min above its max');
  }
  if (stay && stay.min < SHORTEST_STAY_MS) say(['stay'], 'is shorter than 1s');
  if (away && !stay) say(['away'], 'needs a stay: how long before they leave');
  if (connect === 'signaling' && (publish.audio || publish.video)) {
    say(['publish'], 'needs media; write connect: media, or publish nothing');
  }
  if (role === 'viewer' && (publish.audio || publish.video)) {
    say(['publish'], 'needs participants; write role: participant, or publish nothing');
  }
  if (typeof layers === 'object' && 'choose' in layers && (layers.every ?? Infinity) < SHORTEST_STAY_MS) {
    say(['layers', 'every'], 'is shorter than 1s');
  }
  return found;
}

function ofFault(
  { at, do: act, target, for: forMs }: Fault,
  path: Path,
  scenario: Scenario,
): Contradiction[] {
  const found: Contradiction[] = [];
  const names = processNames(scenario);
  if (at >= scenario.duration) found.push({ path: [...path, 'at'], message: 'is after the end of the run' });
  if (!names.includes(target)) {
    const meant = suggest(target, names) ?? names.join(', ');
    found.push({
      path: [...path, 'target'],
      message: `there is no process ${target} in this scenario’s cluster; did you mean ${meant}?`,
    });
  }
  if (act === 'freeze' && forMs === 0) found.push({ path: [...path, 'for'], message: 'is no time at all' });
  if (act === 'drain' && !target.startsWith('media-node-')) {
    found.push({ path: [...path, 'do'], message: 'only media nodes can be drained' });
  }
  return found;
}

function tooShort({ duration }: Scenario): Contradiction[] {
  return duration < SHORTEST_RUN_MS ? [{ path: ['duration'], message: 'is shorter than 1s' }] : [];
}

function tooMany(groups: readonly Group[]): Contradiction[] {
  const peers = groups.reduce((sum, { rooms, peersPerRoom }) => sum + rooms * peersPerRoom, 0);
  return peers > MOST_PEERS
    ? [{ path: ['groups'], message: `are ${peers} peers together; at most ${MOST_PEERS} can be played` }]
    : [];
}

function unknownRoom(room: string | undefined, rooms: readonly string[]): Contradiction[] {
  if (room === undefined || rooms.includes(room)) return [];
  const meant = suggest(room, rooms) ?? rooms[0] ?? '';
  return [{ path: ['judges', 'room'], message: `there is no room ${room}; did you mean ${meant}?` }];
}

/** Names of the processes of a scenario's own cluster. */
export function processNames({ cluster: { mediaNodes, gateways } }: Pick<Scenario, 'cluster'>): string[] {
  const numbered = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
  return [
    ...numbered('media-node', mediaNodes),
    ...numbered('gateway', gateways),
    'control',
    'redis',
    'nats',
  ];
}

/** All rooms of a scenario, without what makes them unique to a run. */
export function roomNames({ groups }: Pick<Scenario, 'groups'>): string[] {
  return [
    ...new Set(groups.flatMap((group) => Array.from({ length: group.rooms }, (_, at) => roomOf(group, at)))),
  ];
}

/** `meeting-3`: the group's room number `index`, counted from 0. */
export function roomOf({ name, roomName }: Pick<Group, 'name' | 'roomName'>, index: number): string {
  return `${roomName ?? name}-${index + 1}`;
}
