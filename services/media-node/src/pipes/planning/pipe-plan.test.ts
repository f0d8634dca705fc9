import { describe, expect, it } from 'vitest';
import type { MediaKey } from '../../media/media-key.ts';
import type { HopView, PipeView, RelayState, RouterAt } from '../model/pipe-model.ts';
import { planPipes, type PipeCommand, type PipePlanInput } from './pipe-plan.ts';

const here = (routerId: string): RouterAt => ({ nodeId: 'here', routerId });
const there = (routerId: string): RouterAt => ({ nodeId: 'there', routerId });

function input(given: {
  demand?: Record<string, string[]>;
  tracks?: Record<string, RouterAt>;
  pipes?: PipeView[];
  hops?: HopView[];
  relays?: Record<string, RelayState>;
  relayed?: MediaKey[];
  atFanOutLimit?: string[];
  routers?: string[];
}): PipePlanInput {
  const routers = given.routers ?? ['h1', 'h2', 'h3'];
  return {
    nodeId: 'here',
    hub: routers[0],
    routers: new Set(routers),
    demand: new Map(Object.entries(given.demand ?? {}).map(([track, at]) => [`${track}@1`, new Set(at)])),
    tracks: new Map(Object.entries(given.tracks ?? {}).map(([track, at]) => [`${track}@1`, at])),
    pipes: given.pipes ?? [],
    hops: given.hops ?? [],
    relays: new Map(Object.entries(given.relays ?? {})),
    relayed: new Set(given.relayed ?? []),
    atFanOutLimit: new Set(given.atFanOutLimit ?? []),
    lingerMs: 5000,
  };
}

function commands(given: Parameters<typeof input>[0], nowMs = 0): readonly PipeCommand[] {
  return planPipes(input(given), nowMs).commands;
}

function openPipe(local: string, peer: RouterAt): PipeCommand {
  return { type: 'openPipe', key: [local, peer.routerId].toSorted().join('~'), local, peer };
}

function pipe(
  local: string,
  peer: RouterAt,
  state: PipeView['state'] = { kind: 'open', idleSinceMs: undefined },
  pathFailures = 0,
): PipeView {
  return { key: [local, peer.routerId].toSorted().join('~'), local, peer, state, pathFailures };
}

function hop(
  track: string,
  from: RouterAt,
  into: string,
  state: HopView['state'] = { kind: 'flowing' },
): HopView {
  return { media: `${track}@1`, from, into, state };
}

describe('a track of another node', () => {
  const tracks = { cam: there('t1') };

  it('a remote track enters through the hub, over a pipe that is opened first', () => {
    expect(commands({ tracks, demand: { cam: ['h1'] } })).toEqual([openPipe('h1', there('t1'))]);
    expect(commands({ tracks, demand: { cam: ['h1'] }, pipes: [pipe('h1', there('t1'))] })).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
  });

  it('a track for two routers beside the hub enters once and crosses worker pipes', () => {
    const demand = { cam: ['h2', 'h3'] };
    expect(commands({ tracks, demand })).toEqual([
      openPipe('h1', there('t1')),
      openPipe('h2', here('h1')),
      openPipe('h3', here('h1')),
    ]);
    const pipes = [pipe('h1', there('t1')), pipe('h2', here('h1')), pipe('h3', here('h1'))];
    expect(commands({ tracks, demand, pipes })).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
    expect(commands({ tracks, demand, pipes, hops: [hop('cam', there('t1'), 'h1')] })).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: here('h1'), into: 'h2' },
      { type: 'pullTrack', media: 'cam@1', from: here('h1'), into: 'h3' },
    ]);
  });

  it('a track keeps its entry when another router has become the hub', () => {
    const hops = [hop('cam', there('t1'), 'h3')];
    expect(
      commands({ tracks, demand: { cam: ['h2', 'h3'] }, hops, pipes: [pipe('h3', there('t1'))] }),
    ).toEqual([openPipe('h2', here('h3'))]);
  });

  it('a track stays at its entry while any router demands it', () => {
    const hops = [hop('cam', there('t1'), 'h1'), hop('cam', here('h1'), 'h2')];
    const pipes = [pipe('h1', there('t1')), pipe('h2', here('h1'))];
    expect(commands({ tracks, demand: { cam: ['h2'] }, hops, pipes })).toEqual([]);
    expect(commands({ tracks, demand: {}, hops, pipes })).toEqual([
      { type: 'releaseTrack', media: 'cam@1', into: 'h1' },
      { type: 'releaseTrack', media: 'cam@1', into: 'h2' },
    ]);
  });

  it('a track that moved to another router is released before it is pulled from there', () => {
    const moved = { cam: there('t2') };
    const hops = [hop('cam', there('t1'), 'h1')];
    const plan = commands({ tracks: moved, demand: { cam: ['h1'] }, hops, pipes: [pipe('h1', there('t1'))] });
    expect(plan).toContainEqual({ type: 'releaseTrack', media: 'cam@1', into: 'h1' });
    expect(plan.filter(({ type }) => type === 'pullTrack')).toEqual([]);
  });

  it('a track that the room does not show is not pulled', () => {
    expect(commands({ demand: { cam: ['h1'] } })).toEqual([]);
  });
});

describe('a track of this node', () => {
  const tracks = { mic: here('h2') };

  it('a local track needs no pipe at its own router', () => {
    expect(commands({ tracks, demand: { mic: ['h2'] } })).toEqual([]);
  });

  it('a local track crosses directly to another router, whichever is the hub', () => {
    expect(commands({ tracks, demand: { mic: ['h3'] } })).toEqual([openPipe('h3', here('h2'))]);
    expect(commands({ tracks, demand: { mic: ['h3'] }, pipes: [pipe('h2', here('h3'))] })).toEqual([
      { type: 'pullTrack', media: 'mic@1', from: here('h2'), into: 'h3' },
    ]);
  });

  it('a track on a dead router is not pulled', () => {
    expect(commands({ tracks, demand: { mic: ['h3'] }, routers: ['h1', 'h3'] })).toEqual([]);
  });
});

describe('what is under way or has failed', () => {
  const tracks = { cam: there('t1'), mic: there('t1') };
  const demand = { cam: ['h1'] };

  it('a command under way is awaited', () => {
    expect(commands({ tracks, demand, pipes: [pipe('h1', there('t1'), { kind: 'opening' })] })).toEqual([]);
    expect(commands({ tracks, demand, pipes: [pipe('h1', there('t1'), { kind: 'closing' })] })).toEqual([]);
    const hops = [hop('cam', there('t1'), 'h1', { kind: 'pulling' })];
    expect(commands({ tracks, demand, hops, pipes: [pipe('h1', there('t1'))] })).toEqual([]);
  });

  it('a failed command is retried when it is due, and not before', () => {
    const failedPipe = [pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 700 })];
    expect(planPipes(input({ tracks, demand, pipes: failedPipe }), 699)).toEqual({
      commands: [],
      wakeAtMs: 700,
    });
    expect(commands({ tracks, demand, pipes: failedPipe }, 700)).toEqual([openPipe('h1', there('t1'))]);
    const failedHop = {
      hops: [hop('cam', there('t1'), 'h1', { kind: 'failed', retryAtMs: 300, failures: 1 })],
    };
    const open = { tracks, demand, ...failedHop, pipes: [pipe('h1', there('t1'))] };
    expect(planPipes(input(open), 0)).toEqual({ commands: [], wakeAtMs: 300 });
    expect(commands(open, 300)).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
  });

  it('a failed command is forgotten when there is no demand any more', () => {
    const hops = [hop('cam', there('t1'), 'h1', { kind: 'failed', retryAtMs: 300, failures: 1 })];
    const pipes = [pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 300 })];
    expect(planPipes(input({ tracks, hops, pipes }), 0)).toEqual({
      commands: [{ type: 'releaseTrack', media: 'cam@1', into: 'h1' }],
      wakeAtMs: 5300,
    });
    expect(commands({ tracks, pipes }, 5300)).toEqual([{ type: 'closePipe', key: 'h1~t1' }]);
  });

  it('two tracks from one router share one pipe', () => {
    expect(commands({ tracks, demand: { cam: ['h1'], mic: ['h1'] } })).toEqual([openPipe('h1', there('t1'))]);
  });
});

describe('an idle pipe', () => {
  const pipes = [pipe('h1', there('t1'), { kind: 'open', idleSinceMs: 1000 })];

  it('an idle pipe closes after its linger', () => {
    expect(planPipes(input({ pipes }), 5999)).toEqual({ commands: [], wakeAtMs: 6000 });
    expect(commands({ pipes }, 6000)).toEqual([{ type: 'closePipe', key: 'h1~t1' }]);
  });

  it('an idle pipe is kept for demand that waits for something else', () => {
    const hops = [hop('cam', there('t1'), 'h1', { kind: 'failed', retryAtMs: 90_000, failures: 1 })];
    expect(commands({ pipes, hops, tracks: { cam: there('t1') }, demand: { cam: ['h1'] } }, 60_000)).toEqual(
      [],
    );
  });

  it('a pipe that another node pulls through stays open', () => {
    expect(planPipes(input({ pipes: [pipe('h1', there('t1'))] }), 60_000)).toEqual({
      commands: [],
      wakeAtMs: undefined,
    });
  });
});

describe('a node to which the way is closed', () => {
  const tracks = { cam: there('t1') };
  const demand = { cam: ['h1'] };
  const closed = pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 900 }, 2);
  const mid: RouterAt = { nodeId: 'mid', routerId: 'm1' };
  const found = { there: { kind: 'found', at: mid, foundAtMs: -1000 } } as const;
  const viaMid = { media: 'cam@1', from: mid, into: 'h1', relayFrom: there('t1') } as const;

  it('a path is down after two failures in a row, and one relay is searched', () => {
    const once = pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 900 }, 1);
    expect(commands({ tracks, demand, pipes: [once] })).toEqual([]);
    expect(commands({ tracks, demand, pipes: [closed] })).toEqual([{ type: 'findRelay', nodeId: 'there' }]);
    expect(commands({ tracks, demand, pipes: [closed], relays: { there: { kind: 'finding' } } })).toEqual([]);
  });

  it('tracks are pulled from the relay, with their origin, while the path is retried', () => {
    expect(commands({ tracks, demand, pipes: [closed], relays: found })).toEqual([openPipe('h1', mid)]);
    const pipes = [closed, pipe('h1', mid)];
    const pull = { type: 'pullTrack', ...viaMid };
    expect(planPipes(input({ tracks, demand, pipes, relays: found }), 0)).toEqual({
      commands: [pull],
      wakeAtMs: 900,
    });
    expect(commands({ tracks, demand, pipes, relays: found }, 900)).toEqual([
      pull,
      { ...openPipe('h1', there('t1')), trial: true },
    ]);
  });

  it('the direct route returns when the path is known to work, and not before', () => {
    const hops: HopView[] = [{ ...viaMid, state: { kind: 'flowing' } }];
    const open = { kind: 'open', idleSinceMs: 0 } as const;
    const unsure = [pipe('h1', there('t1'), open, 2), pipe('h1', mid)];
    expect(commands({ tracks, demand, hops, pipes: unsure, relays: found })).toEqual([]);
    const works = [pipe('h1', there('t1'), open), pipe('h1', mid)];
    expect(commands({ tracks, demand, hops, pipes: works, relays: found })).toEqual([
      { type: 'replacePull', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
  });

  it('the relay is released only after the direct route has replaced it', () => {
    const pipes = [pipe('h1', there('t1')), pipe('h1', mid)];
    const coming = (successor: HopView['successor']): HopView[] => [
      { ...viaMid, state: { kind: 'flowing' }, successor },
    ];
    const plan = (successor: HopView['successor'], nowMs = 0): unknown =>
      planPipes(input({ tracks, demand, hops: coming(successor), pipes, relays: found }), nowMs);
    expect(plan({ kind: 'pulling' })).toEqual({ commands: [], wakeAtMs: undefined });
    const failed = { kind: 'failed', retryAtMs: 300 } as const;
    expect(plan(failed)).toEqual({ commands: [], wakeAtMs: 300 });
    expect(plan(failed, 300)).toMatchObject({ commands: [{ type: 'replacePull' }] });
    const straight: HopView[] = [
      { media: 'cam@1', from: there('t1'), into: 'h1', state: { kind: 'flowing' } },
    ];
    expect(commands({ tracks, demand, hops: straight, pipes, relays: found })).toEqual([
      { type: 'forgetRelay', nodeId: 'there' },
    ]);
  });

  it('a path that fails again during the return leaves the relayed track alone', () => {
    const hops: HopView[] = [{ ...viaMid, state: { kind: 'flowing' }, successor: { kind: 'pulling' } }];
    expect(commands({ tracks, demand, hops, pipes: [closed, pipe('h1', mid)], relays: found })).toEqual([]);
  });

  it('another relay is searched when the present one fails', () => {
    const lost = pipe('h1', mid, { kind: 'failed', retryAtMs: 900 }, 1);
    const find: PipeCommand = { type: 'findRelay', nodeId: 'there' };
    expect(commands({ tracks, demand, pipes: [closed, lost], relays: found })).toContainEqual(find);
    const failed = (failures: number): HopView[] => [
      { ...viaMid, state: { kind: 'failed', retryAtMs: 900, failures } },
    ];
    const pipes = [closed, pipe('h1', mid)];
    expect(commands({ tracks, demand, pipes, relays: found, hops: failed(1) })).toEqual([]);
    expect(commands({ tracks, demand, pipes, relays: found, hops: failed(2) })).toContainEqual(find);
  });

  it('without a relay, the next search waits', () => {
    const none = { there: { kind: 'none', retryAtMs: 700 } } as const;
    expect(planPipes(input({ tracks, demand, pipes: [closed], relays: none }), 0)).toEqual({
      commands: [],
      wakeAtMs: 700,
    });
  });

  it('a track that others pull through this node never uses a relay', () => {
    const plan = commands({
      tracks,
      demand,
      pipes: [closed, pipe('h1', mid)],
      relays: found,
      relayed: ['cam@1'],
    });
    expect(plan).toEqual([{ type: 'forgetRelay', nodeId: 'there' }]);
  });
});

describe('a node that feeds many others', () => {
  const tracks = { cam: there('t1'), mic: there('t1') };
  const demand = { cam: ['h1'] };
  const atFanOutLimit = ['there'];
  const mid: RouterAt = { nodeId: 'mid', routerId: 'm1' };
  const found = { there: { kind: 'found', at: mid, foundAtMs: -1000 } } as const;
  const viaMid = { media: 'cam@1', from: mid, into: 'h1', relayFrom: there('t1') } as const;

  it('at the fan-out limit, a relay is searched before the pull', () => {
    expect(commands({ tracks, demand, atFanOutLimit })).toEqual([{ type: 'findRelay', nodeId: 'there' }]);
    expect(commands({ tracks, demand, atFanOutLimit, relays: { there: { kind: 'finding' } } })).toEqual([]);
    expect(commands({ tracks, demand, atFanOutLimit, relays: found })).toEqual([openPipe('h1', mid)]);
    expect(commands({ tracks, demand, atFanOutLimit, relays: found, pipes: [pipe('h1', mid)] })).toEqual([
      { type: 'pullTrack', ...viaMid },
    ]);
  });

  it('at the fan-out limit, the origin is used when no relay works', () => {
    const straight = [openPipe('h1', there('t1'))];
    const none = { there: { kind: 'none', retryAtMs: 700 } } as const;
    expect(commands({ tracks, demand, atFanOutLimit, relays: none })).toEqual(straight);
    const lost = pipe('h1', mid, { kind: 'failed', retryAtMs: 900 }, 1);
    expect(commands({ tracks, demand, atFanOutLimit, relays: found, pipes: [lost] })).toEqual(straight);
  });

  it('an origin at its fan-out limit keeps feeding its present pipes', () => {
    const hops: HopView[] = [hop('cam', there('t1'), 'h1')];
    const both = { cam: ['h1'], mic: ['h1'] };
    expect(commands({ tracks, demand: both, atFanOutLimit, hops, pipes: [pipe('h1', there('t1'))] })).toEqual(
      [{ type: 'pullTrack', media: 'mic@1', from: there('t1'), into: 'h1' }],
    );
  });

  it('an origin at its fan-out limit feeds the relays themselves', () => {
    expect(commands({ tracks, demand, atFanOutLimit, relayed: ['cam@1'] })).toEqual([
      openPipe('h1', there('t1')),
    ]);
  });
});

it('the work of a plan grows with the number of tracks, not with its square', () => {
  const reads = (count: number): number => {
    let times = 0;
    const names = Array.from({ length: count }, (_, n) => `t${n}`);
    const hops = names.map((name): HopView => ({
      get media(): MediaKey {
        times++;
        return `${name}@1`;
      },
      ...{ from: there('t1'), into: 'h1', state: { kind: 'flowing' } },
    }));
    const all = <Value>(value: Value): Record<string, Value> =>
      Object.fromEntries(names.map((name) => [name, value]));
    const given = { demand: all(['h1']), tracks: all(there('t1')), pipes: [pipe('h1', there('t1'))], hops };
    expect(commands(given)).toEqual([]);
    return times;
  };
  expect(reads(1000)).toBeLessThanOrEqual(11 * reads(100));
});
