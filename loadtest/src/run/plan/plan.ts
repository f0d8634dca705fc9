import type { Random } from '@skein/runtime';
import { joinTimes } from '../../scenario/arrivals.ts';
import { randomOf } from '../../scenario/chance.ts';
import { roomOf } from '../../scenario/consistency.ts';
import { ScenarioRefused } from '../../scenario/refused.ts';
import type { Fault, Group, Layers, LayerWish, Scenario } from '../../scenario/schema.ts';
import type { PeerPlan, TrackPlan } from '@skein/native-peer';

type PreferredLayers = NonNullable<PeerPlan['preferredLayers']>;

/** A peer as far as it is known before there is a cluster. */
export type PlannedPeer = Omit<PeerPlan, 'url' | 'otherUrls'>;

/** One thing to be done at a time since the start of the run, in ms. */
export type Step =
  | {
      readonly type: 'join';
      readonly atMs: number;
      /** Its gateway, counted from 0. */
      readonly gateway: number;
      readonly peer: PlannedPeer;
    }
  | {
      readonly type: 'layers';
      readonly atMs: number;
      readonly peerId: string;
      readonly layers: PreferredLayers;
    }
  | {
      readonly type: 'leave';
      readonly atMs: number;
      readonly peerId: string;
      readonly how: Group['leave'];
    }
  | { readonly type: 'fault'; readonly atMs: number; readonly fault: Fault };

export interface RunPlan {
  /** In the order of their times. */
  readonly steps: readonly Step[];
  readonly joins: number;
  /** When the last one has come for the first time; from then on the load is the scenario's full one. */
  readonly fullFromMs: number;
}

export interface PlanContext {
  /** Makes the rooms of this run its own. */
  readonly roomPrefix: string;
  /** How many; peers are spread over them. At least one. */
  readonly gateways: number;
  /** More than a machine can hold in memory as a plan is refused. Default 2 000 000. */
  readonly mostSteps?: number;
}

const MOST_STEPS = 2_000_000;

/**
 * What each peer does when. The same scenario and seed give the same plan; what a peer draws depends on the seed and its own
 * name only, so that a change to one group leaves the others as they were. `readScenario` has seen to it that all come before the
 * end. Throws `ScenarioRefused` when there are too many steps.
 */
export function planRun(scenario: Scenario, context: PlanContext): RunPlan {
  const steps: Step[] = scenario.faults.map((fault) => ({ type: 'fault', atMs: fault.at, fault }));
  const { mostSteps = MOST_STEPS } = context;
  let fullFromMs = 0;
  let peers = 0;
  for (const group of scenario.groups) {
    for (const [index, atMs] of joinTimes(group, scenario.seed).entries()) {
      const gateway = peers++ % context.gateways;
      planPeer({ group, index, gateway, fromMs: atMs, scenario }, context, steps);
      fullFromMs = Math.max(fullFromMs, atMs);
      if (steps.length > mostSteps) {
        throw new ScenarioRefused(
          `${scenario.name} has over ${mostSteps} steps: take fewer peers, longer stays or less time`,
        );
      }
    }
  }
  const sorted = steps.map((step, index) => ({ step, index }));
  sorted.sort((one, other) => one.step.atMs - other.step.atMs || one.index - other.index);
  const joins = steps.filter(({ type }) => type === 'join').length;
  return { steps: sorted.map(({ step }) => step), joins, fullFromMs };
}

interface Place {
  readonly group: Group;
  /** Number of the peer in its group. */
  readonly index: number;
  readonly gateway: number;
  readonly fromMs: number;
  readonly scenario: Scenario;
}

/** All visits of one peer. */
function planPeer(place: Place, context: PlanContext, steps: Step[]): void {
  const { group, index, gateway, fromMs, scenario } = place;
  const endMs = scenario.duration;
  const room = index % group.rooms;
  const identity = `${group.name}-${room + 1}-${Math.floor(index / group.rooms) + 1}`;
  const random = randomOf(scenario.seed, identity);
  for (let visit = 1, atMs = fromMs; atMs < endMs; visit++) {
    const peerId = visit === 1 ? identity : `${identity}~${visit}`;
    const layers = drawLayers(group.layers, random);
    const peer = { peerId, identity, room: `${context.roomPrefix}${roomOf(group, room)}` };
    steps.push({
      ...{ type: 'join', atMs, gateway },
      peer: { ...peer, ...ofGroup(group), ...(layers && { preferredLayers: layers }) },
    });
    const leaveMs = group.stay ? atMs + draw(group.stay, random) : Infinity;
    const stay = { peerId, atMs, untilMs: Math.min(leaveMs, endMs) };
    for (const change of layerChanges(group.layers, stay, random)) steps.push(change);
    if (leaveMs >= endMs) return;
    steps.push({ type: 'leave', atMs: leaveMs, peerId, how: group.leave });
    if (!group.away) return;
    atMs = leaveMs + draw(group.away, random);
  }
}

function ofGroup(group: Group): Omit<PlannedPeer, 'peerId' | 'room' | 'identity'> {
  const { publish, role, subscribe, connect, region, node, token } = group;
  const tracks: TrackPlan[] = [
    ...(publish.audio ? [{ source: 'microphone' } as const] : []),
    ...(publish.video ? [{ source: 'camera', layers: simulcast(publish.video.layers) } as const] : []),
  ];
  return {
    subscribe: subscribe === 'all',
    signalingOnly: connect === 'signaling',
    ...(role === 'viewer' && { role }),
    ...(tracks.length > 0 && { publish: tracks }),
    ...(region !== undefined && { region }),
    ...(node !== undefined && { nodeId: node }),
    ...(token !== undefined && { token }),
  };
}

function simulcast(layers: number): 1 | 2 | 3 {
  return layers === 1 || layers === 2 ? layers : 3;
}

function layerChanges(
  wish: LayerWish,
  { peerId, atMs, untilMs }: { peerId: string; atMs: number; untilMs: number },
  random: Random,
): Step[] {
  if (typeof wish !== 'object' || !('choose' in wish) || wish.every === undefined) return [];
  const steps: Step[] = [];
  for (let next = atMs + wish.every; next < untilMs; next += wish.every) {
    const layers = drawLayers(wish, random);
    if (layers) steps.push({ type: 'layers', atMs: next, peerId, layers });
  }
  return steps;
}

/** `undefined`: what the server chooses, which is the highest that the way to the peer carries. */
function drawLayers(wish: LayerWish, random: Random): PreferredLayers | undefined {
  if (wish === 'highest') return undefined;
  if (wish === 'lowest') return { spatialLayer: 0, temporalLayer: 0 };
  if (!('choose' in wish)) return asLayers(wish);
  const drawn = wish.choose[Math.floor(random() * wish.choose.length)];
  return drawn && asLayers(drawn);
}

function asLayers({ spatial, temporal }: Layers): PreferredLayers {
  return { spatialLayer: spatial, ...(temporal !== undefined && { temporalLayer: temporal }) };
}

function draw({ min, max }: { readonly min: number; readonly max: number }, random: Random): number {
  return Math.round(min + random() * (max - min));
}
