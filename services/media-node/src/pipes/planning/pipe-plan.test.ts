import { describe, expect, test } from 'vitest';
import type { MediaKey } from '../../media/media-key.ts';
import {
  planPipes,
  type HopView,
  type PipeCommand,
  type PipePlanInput,
  type PipeView,
  type RouterAt,
} from './pipe-plan.ts';
import type { RelayState } from './routing.ts';

const here = (routerId: string): RouterAt => ({ nodeId: 'here', routerId });
const there = (routerId: string): RouterAt => ({ nodeId: 'there', routerId });

function input(given: {
  needs?: Record<string, string[]>;
  tracks?: Record<string, RouterAt>;
  pipes?: PipeView[];
  hops?: HopView[];
  relays?: Record<string, RelayState>;
  relayed?: MediaKey[];
  crowded?: string[];
  routers?: string[];
}): PipePlanInput {
  const routers = given.routers ?? ['h1', 'h2', 'h3'];
  return {
    nodeId: 'here',
    hub: routers[0],
    routers: new Set(routers),
    needs: new Map(Object.entries(given.needs ?? {}).map(([track, at]) => [`${track}@1`, new Set(at)])),
    tracks: new Map(Object.entries(given.tracks ?? {}).map(([track, at]) => [`${track}@1`, at])),
    pipes: given.pipes ?? [],
    hops: given.hops ?? [],
    relays: new Map(Object.entries(given.relays ?? {})),
    relayed: new Set(given.relayed ?? []),
    crowded: new Set(given.crowded ?? []),
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
  closedTries = 0,
): PipeView {
  return { key: [local, peer.routerId].toSorted().join('~'), local, peer, state, closedTries };
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

  test('comes in through the hub, over a pipe that is opened first', () => {
    expect(commands({ tracks, needs: { cam: ['h1'] } })).toEqual([openPipe('h1', there('t1'))]);
    expect(commands({ tracks, needs: { cam: ['h1'] }, pipes: [pipe('h1', there('t1'))] })).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
  });

  test('needed at two routers that are not the hub comes in once and goes on over pipes between workers', () => {
    const needs = { cam: ['h2', 'h3'] };
    expect(commands({ tracks, needs })).toEqual([
      openPipe('h1', there('t1')),
      openPipe('h2', here('h1')),
      openPipe('h3', here('h1')),
    ]);
    const pipes = [pipe('h1', there('t1')), pipe('h2', here('h1')), pipe('h3', here('h1'))];
    expect(commands({ tracks, needs, pipes })).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
    expect(commands({ tracks, needs, pipes, hops: [hop('cam', there('t1'), 'h1')] })).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: here('h1'), into: 'h2' },
      { type: 'pullTrack', media: 'cam@1', from: here('h1'), into: 'h3' },
    ]);
  });

  test('keeps the entry that it has when the hub is another router by now', () => {
    const hops = [hop('cam', there('t1'), 'h3')];
    expect(
      commands({ tracks, needs: { cam: ['h2', 'h3'] }, hops, pipes: [pipe('h3', there('t1'))] }),
    ).toEqual([openPipe('h2', here('h3'))]);
  });

  test('stays at its entry while only another router needs it, and goes when none does', () => {
    const hops = [hop('cam', there('t1'), 'h1'), hop('cam', here('h1'), 'h2')];
    const pipes = [pipe('h1', there('t1')), pipe('h2', here('h1'))];
    expect(commands({ tracks, needs: { cam: ['h2'] }, hops, pipes })).toEqual([]);
    expect(commands({ tracks, needs: {}, hops, pipes })).toEqual([
      { type: 'releaseTrack', media: 'cam@1', into: 'h1' },
      { type: 'releaseTrack', media: 'cam@1', into: 'h2' },
    ]);
  });

  test('that moved to another router is let go before it is pulled from there', () => {
    const moved = { cam: there('t2') };
    const hops = [hop('cam', there('t1'), 'h1')];
    const plan = commands({ tracks: moved, needs: { cam: ['h1'] }, hops, pipes: [pipe('h1', there('t1'))] });
    expect(plan).toContainEqual({ type: 'releaseTrack', media: 'cam@1', into: 'h1' });
    expect(plan.filter(({ type }) => type === 'pullTrack')).toEqual([]);
  });

  test('that the room does not show is not pulled', () => {
    expect(commands({ needs: { cam: ['h1'] } })).toEqual([]);
  });
});

describe('a track of this node', () => {
  const tracks = { mic: here('h2') };

  test('needed where it is needs nothing', () => {
    expect(commands({ tracks, needs: { mic: ['h2'] } })).toEqual([]);
  });

  test('goes straight to another router, whichever is the hub', () => {
    expect(commands({ tracks, needs: { mic: ['h3'] } })).toEqual([openPipe('h3', here('h2'))]);
    expect(commands({ tracks, needs: { mic: ['h3'] }, pipes: [pipe('h2', here('h3'))] })).toEqual([
      { type: 'pullTrack', media: 'mic@1', from: here('h2'), into: 'h3' },
    ]);
  });

  test('on a router that died goes nowhere', () => {
    expect(commands({ tracks, needs: { mic: ['h3'] }, routers: ['h1', 'h3'] })).toEqual([]);
  });
});

describe('what is under way or has failed', () => {
  const tracks = { cam: there('t1'), mic: there('t1') };
  const needs = { cam: ['h1'] };

  test('is waited for', () => {
    expect(commands({ tracks, needs, pipes: [pipe('h1', there('t1'), { kind: 'opening' })] })).toEqual([]);
    expect(commands({ tracks, needs, pipes: [pipe('h1', there('t1'), { kind: 'closing' })] })).toEqual([]);
    const hops = [hop('cam', there('t1'), 'h1', { kind: 'pulling' })];
    expect(commands({ tracks, needs, hops, pipes: [pipe('h1', there('t1'))] })).toEqual([]);
  });

  test('is tried again when it is due, and not before', () => {
    const failedPipe = [pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 700 })];
    expect(planPipes(input({ tracks, needs, pipes: failedPipe }), 699)).toEqual({
      commands: [],
      wakeAtMs: 700,
    });
    expect(commands({ tracks, needs, pipes: failedPipe }, 700)).toEqual([openPipe('h1', there('t1'))]);
    const failedHop = {
      hops: [hop('cam', there('t1'), 'h1', { kind: 'failed', retryAtMs: 300, failures: 1 })],
    };
    const open = { tracks, needs, ...failedHop, pipes: [pipe('h1', there('t1'))] };
    expect(planPipes(input(open), 0)).toEqual({ commands: [], wakeAtMs: 300 });
    expect(commands(open, 300)).toEqual([
      { type: 'pullTrack', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
  });

  test('is forgotten when nobody needs it any more', () => {
    const hops = [hop('cam', there('t1'), 'h1', { kind: 'failed', retryAtMs: 300, failures: 1 })];
    const pipes = [pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 300 })];
    expect(planPipes(input({ tracks, hops, pipes }), 0)).toEqual({
      commands: [{ type: 'releaseTrack', media: 'cam@1', into: 'h1' }],
      wakeAtMs: 5300,
    });
    expect(commands({ tracks, pipes }, 5300)).toEqual([{ type: 'closePipe', key: 'h1~t1' }]);
  });

  test('two tracks from one router share one pipe', () => {
    expect(commands({ tracks, needs: { cam: ['h1'], mic: ['h1'] } })).toEqual([openPipe('h1', there('t1'))]);
  });
});

describe('an idle pipe', () => {
  const pipes = [pipe('h1', there('t1'), { kind: 'open', idleSinceMs: 1000 })];

  test('is closed when its linger is over', () => {
    expect(planPipes(input({ pipes }), 5999)).toEqual({ commands: [], wakeAtMs: 6000 });
    expect(commands({ pipes }, 6000)).toEqual([{ type: 'closePipe', key: 'h1~t1' }]);
  });

  test('is kept for a need that waits for something else', () => {
    const hops = [hop('cam', there('t1'), 'h1', { kind: 'failed', retryAtMs: 90_000, failures: 1 })];
    expect(commands({ pipes, hops, tracks: { cam: there('t1') }, needs: { cam: ['h1'] } }, 60_000)).toEqual(
      [],
    );
  });

  test('that another node still pulls through is left open', () => {
    expect(planPipes(input({ pipes: [pipe('h1', there('t1'))] }), 60_000)).toEqual({
      commands: [],
      wakeAtMs: undefined,
    });
  });
});

describe('a node to which the way is closed', () => {
  const tracks = { cam: there('t1') };
  const needs = { cam: ['h1'] };
  const closed = pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 900 }, 2);
  const mid: RouterAt = { nodeId: 'mid', routerId: 'm1' };
  const found = { there: { kind: 'found', at: mid, foundAtMs: -1000 } } as const;
  const viaMid = { media: 'cam@1', from: mid, into: 'h1', relayFrom: there('t1') } as const;

  test('is one that failed twice in a row; then a relay is looked for, once', () => {
    const once = pipe('h1', there('t1'), { kind: 'failed', retryAtMs: 900 }, 1);
    expect(commands({ tracks, needs, pipes: [once] })).toEqual([]);
    expect(commands({ tracks, needs, pipes: [closed] })).toEqual([{ type: 'findRelay', nodeId: 'there' }]);
    expect(commands({ tracks, needs, pipes: [closed], relays: { there: { kind: 'finding' } } })).toEqual([]);
  });

  test('has its tracks pulled from the relay, which is told where they are, while the way is tried on', () => {
    expect(commands({ tracks, needs, pipes: [closed], relays: found })).toEqual([openPipe('h1', mid)]);
    const pipes = [closed, pipe('h1', mid)];
    const pull = { type: 'pullTrack', ...viaMid };
    expect(planPipes(input({ tracks, needs, pipes, relays: found }), 0)).toEqual({
      commands: [pull],
      wakeAtMs: 900,
    });
    expect(commands({ tracks, needs, pipes, relays: found }, 900)).toEqual([
      pull,
      { ...openPipe('h1', there('t1')), trial: true },
    ]);
  });

  test('is come back to when the way is known to work, and not before', () => {
    const hops: HopView[] = [{ ...viaMid, state: { kind: 'flowing' } }];
    const open = { kind: 'open', idleSinceMs: 0 } as const;
    const unsure = [pipe('h1', there('t1'), open, 2), pipe('h1', mid)];
    expect(commands({ tracks, needs, hops, pipes: unsure, relays: found })).toEqual([]);
    const works = [pipe('h1', there('t1'), open), pipe('h1', mid)];
    expect(commands({ tracks, needs, hops, pipes: works, relays: found })).toEqual([
      { type: 'replacePull', media: 'cam@1', from: there('t1'), into: 'h1' },
    ]);
  });

  test('is come back to without letting go of what flows: not before the direct way has taken over', () => {
    const pipes = [pipe('h1', there('t1')), pipe('h1', mid)];
    const coming = (successor: HopView['successor']): HopView[] => [
      { ...viaMid, state: { kind: 'flowing' }, successor },
    ];
    const plan = (successor: HopView['successor'], nowMs = 0): unknown =>
      planPipes(input({ tracks, needs, hops: coming(successor), pipes, relays: found }), nowMs);
    expect(plan({ kind: 'pulling' })).toEqual({ commands: [], wakeAtMs: undefined });
    const failed = { kind: 'failed', retryAtMs: 300 } as const;
    expect(plan(failed)).toEqual({ commands: [], wakeAtMs: 300 });
    expect(plan(failed, 300)).toMatchObject({ commands: [{ type: 'replacePull' }] });
    const straight: HopView[] = [
      { media: 'cam@1', from: there('t1'), into: 'h1', state: { kind: 'flowing' } },
    ];
    expect(commands({ tracks, needs, hops: straight, pipes, relays: found })).toEqual([
      { type: 'forgetRelay', nodeId: 'there' },
    ]);
  });

  test('that closes again while it is come back to changes nothing of what flows', () => {
    const hops: HopView[] = [{ ...viaMid, state: { kind: 'flowing' }, successor: { kind: 'pulling' } }];
    expect(commands({ tracks, needs, hops, pipes: [closed, pipe('h1', mid)], relays: found })).toEqual([]);
  });

  test('gets another relay when the one that it has fails', () => {
    const lost = pipe('h1', mid, { kind: 'failed', retryAtMs: 900 }, 1);
    const find: PipeCommand = { type: 'findRelay', nodeId: 'there' };
    expect(commands({ tracks, needs, pipes: [closed, lost], relays: found })).toContainEqual(find);
    const failed = (failures: number): HopView[] => [
      { ...viaMid, state: { kind: 'failed', retryAtMs: 900, failures } },
    ];
    const pipes = [closed, pipe('h1', mid)];
    expect(commands({ tracks, needs, pipes, relays: found, hops: failed(1) })).toEqual([]);
    expect(commands({ tracks, needs, pipes, relays: found, hops: failed(2) })).toContainEqual(find);
  });

  test('waits when there is no relay', () => {
    const none = { there: { kind: 'none', retryAtMs: 700 } } as const;
    expect(planPipes(input({ tracks, needs, pipes: [closed], relays: none }), 0)).toEqual({
      commands: [],
      wakeAtMs: 700,
    });
  });

  test('is not gone round for a track that others pull through here', () => {
    const plan = commands({
      tracks,
      needs,
      pipes: [closed, pipe('h1', mid)],
      relays: found,
      relayed: ['cam@1'],
    });
    expect(plan).toEqual([{ type: 'forgetRelay', nodeId: 'there' }]);
  });
});

describe('a node that feeds many others', () => {
  const tracks = { cam: there('t1'), mic: there('t1') };
  const needs = { cam: ['h1'] };
  const crowded = ['there'];
  const mid: RouterAt = { nodeId: 'mid', routerId: 'm1' };
  const found = { there: { kind: 'found', at: mid, foundAtMs: -1000 } } as const;
  const viaMid = { media: 'cam@1', from: mid, into: 'h1', relayFrom: there('t1') } as const;

  test('has its tracks pulled through a relay, which is looked for first', () => {
    expect(commands({ tracks, needs, crowded })).toEqual([{ type: 'findRelay', nodeId: 'there' }]);
    expect(commands({ tracks, needs, crowded, relays: { there: { kind: 'finding' } } })).toEqual([]);
    expect(commands({ tracks, needs, crowded, relays: found })).toEqual([openPipe('h1', mid)]);
    expect(commands({ tracks, needs, crowded, relays: found, pipes: [pipe('h1', mid)] })).toEqual([
      { type: 'pullTrack', ...viaMid },
    ]);
  });

  test('is asked itself when no relay can be had, or the one there is does not work', () => {
    const straight = [openPipe('h1', there('t1'))];
    const none = { there: { kind: 'none', retryAtMs: 700 } } as const;
    expect(commands({ tracks, needs, crowded, relays: none })).toEqual(straight);
    const lost = pipe('h1', mid, { kind: 'failed', retryAtMs: 900 }, 1);
    expect(commands({ tracks, needs, crowded, relays: found, pipes: [lost] })).toEqual(straight);
  });

  test('goes on feeding those that it feeds, and their other tracks too', () => {
    const hops: HopView[] = [hop('cam', there('t1'), 'h1')];
    const both = { cam: ['h1'], mic: ['h1'] };
    expect(commands({ tracks, needs: both, crowded, hops, pipes: [pipe('h1', there('t1'))] })).toEqual([
      { type: 'pullTrack', media: 'mic@1', from: there('t1'), into: 'h1' },
    ]);
  });

  test('feeds those that relay its tracks', () => {
    expect(commands({ tracks, needs, crowded, relayed: ['cam@1'] })).toEqual([openPipe('h1', there('t1'))]);
  });
});

test('the work of a plan grows with the number of tracks, not with its square', () => {
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
    const given = { needs: all(['h1']), tracks: all(there('t1')), pipes: [pipe('h1', there('t1'))], hops };
    expect(commands(given)).toEqual([]);
    return times;
  };
  expect(reads(1000)).toBeLessThanOrEqual(11 * reads(100));
});
