import { describe, expect, it } from 'vitest';
import { checkInvariants, suspicions, undecided, type History, type Violation } from './invariants.ts';
import type { NodeMedia, Observation } from './observation.ts';
import type { ClientView } from '../clients/client-report.ts';

// Ada on n1 publishes `t`; Ben on n2 receives it over one pipe.
const ada: NodeMedia = {
  sessions: [{ sessionId: 's1', identity: 'ada', epoch: 1, tracks: ['t'], subscriptions: [] }],
  pipes: [{ id: 'p', tracksIn: [], tracksOut: ['t'] }],
};
const ben: NodeMedia = {
  sessions: [{ sessionId: 's2', identity: 'ben', epoch: 1, tracks: [], subscriptions: ['t'] }],
  pipes: [{ id: 'p', tracksIn: ['t'], tracksOut: [] }],
};
const room: Exclude<Observation['room'], string> = {
  room: 'r',
  version: 3,
  participants: ['ada', 'ben'].map((identity) => ({
    ...{ identity, name: identity, sessionId: identity, nodeId: 'n1', epoch: 1, joinedAtMs: 0 },
  })),
  tracks: [
    {
      ...{ trackId: 't', identity: 'ada', epoch: 1, nodeId: 'n1', routerId: 'x', kind: 'audio' as const },
      ...{
        source: 'microphone' as const,
        muted: false,
        mimeType: 'audio/opus',
        spatialLayers: 1,
        temporalLayers: 1,
      },
    },
  ],
};
const healthy: Observation = {
  atMs: 0,
  expected: ['ada', 'ben'],
  room,
  acts: [],
  silentClients: 0,
  nodes: new Map([
    ['n1', ada],
    ['n2', ben],
  ]),
  clients: [
    view('ada', [{ identity: 'ben', tracks: [] }]),
    view('ben', [{ identity: 'ada', tracks: [{ trackId: 't', kind: 'audio', quietMs: 20 }] }]),
  ],
};

function view(identity: string, others: ClientView['others'], more: Partial<ClientView> = {}): ClientView {
  return {
    ...{
      identity,
      others,
      atMs: 0,
      sessionId: 's',
      nodeId: 'n',
      gateway: '',
      published: [],
      spuriousEvents: [],
      errors: [],
    },
    ...{ connection: { state: 'connected', atMs: 0 }, connectionLog: [], ...more },
  };
}

function withNodes(nodes: Readonly<Record<string, NodeMedia | 'silent'>>): Observation {
  return { ...healthy, nodes: new Map(Object.entries(nodes)) };
}

/** Observes the same at each of these times. */
function watch(observation: Observation, times: readonly number[]): Violation[] {
  let history: History = new Map();
  return times.flatMap((atMs) => {
    const checked = checkInvariants({ ...observation, atMs }, history);
    history = checked.history;
    return checked.violations;
  });
}

it('finds nothing in a healthy call, however long it lasts', () => {
  expect(suspicions(healthy)).toEqual([]);
  expect(watch(healthy, [0, 60_000])).toEqual([]);
});

describe('suspicions', () => {
  const moved = {
    ...ada,
    sessions: ada.sessions.map((session) => ({ ...session, sessionId: 's9', epoch: 2 })),
  };
  const twice = { ...ben, pipes: [{ id: 'p', tracksIn: ['t', 't'], tracksOut: [] }] };

  it.each<[string, Observation, string]>([
    ['two placements of one participant', withNodes({ n1: ada, n2: ben, n3: moved }), 'one placement'],
    ['a track that crosses a pipe twice', withNodes({ n1: ada, n2: twice }), 'one copy on a pipe'],
    [
      'a pipe that nothing crosses',
      withNodes({ n1: ada, n2: { ...ben, pipes: [{ id: 'p', tracksIn: [], tracksOut: [] }] } }),
      'no idle pipe',
    ],
    ['a track that no answering node holds', withNodes({ n1: 'silent', n2: ben }), 'shown is held'],
    [
      'a subscription to a track that is not shown',
      { ...healthy, room: { ...room, tracks: [] } },
      'subscribed is shown',
    ],
    ['somebody missing', { ...healthy, expected: ['ada', 'ben', 'cleo'] }, 'nobody is lost'],
    ['a client that sees too little', { ...healthy, clients: [view('ben', [])] }, 'one view'],
    [
      'a client that gets nothing of a track',
      {
        ...healthy,
        clients: [
          view('ben', [{ identity: 'ada', tracks: [{ trackId: 't', kind: 'audio', quietMs: 3_000 }] }]),
        ],
      },
      'shown is received',
    ],
    [
      'a client that was told of a leave that never was',
      {
        ...healthy,
        clients: [
          view('ada', [{ identity: 'ben', tracks: [] }], {
            spuriousEvents: [{ event: 'participantLeft', identity: 'ben', atMs: 1 }],
          }),
        ],
      },
      'no spurious event',
    ],
    [
      'a call that was ended',
      {
        ...healthy,
        clients: [view('ada', [], { connection: { state: 'closed', cause: 'connection-lost', atMs: 1 } })],
      },
      'no call ends',
    ],
  ])('names %s', (_what, observation, invariant) => {
    expect(new Set(suspicions(observation).map((suspicion) => suspicion.invariant))).toContain(invariant);
  });

  it('takes the earlier epoch of a moving track for what it is', () => {
    const moving = { ...ben, pipes: [{ id: 'p', tracksIn: ['t', 't@1'], tracksOut: [] }] };
    expect(suspicions(withNodes({ n1: ada, n2: moving }))).toEqual([]);
  });

  it('ignores the room while the store does not answer, and clients that are reconnecting', () => {
    const reconnecting = view('ben', [], { connection: { state: 'reconnecting', atMs: 0 } });
    expect(suspicions({ ...healthy, room: 'unknown' }).map(({ invariant }) => invariant)).toEqual([
      'the store answers',
    ]);
    expect(suspicions({ ...healthy, clients: [reconnecting] })).toEqual([]);
  });
});

describe('checkInvariants', () => {
  const lost: Observation = { ...healthy, expected: ['ada', 'ben', 'cleo'] };

  it('reports a suspicion that outlasts its grace, once', () => {
    expect(watch(lost, [0, 7_000])).toEqual([]);
    const told = watch(lost, [0, 7_000, 8_500, 20_000]);
    expect(told).toEqual([{ invariant: 'nobody is lost', what: 'cleo is not in the room', atMs: 8_500 }]);
  });

  it('tells when the observer saw nothing for longer than any fault takes', () => {
    const blind: Observation = {
      ...{ ...healthy, room: 'unknown', clients: [], silentClients: 2 },
      nodes: new Map([['n1', 'silent']]),
    };
    const minutes = Array.from({ length: 400 }, (_, at) => at * 500);
    expect(watch(blind, minutes).map(({ invariant, atMs }) => [invariant, atMs])).toEqual([
      ['clients answer', 10_000],
      ['nodes answer', 60_000],
      ['the store answers', 150_000],
    ]);
  });

  it('leaves open what is neither well again nor told', () => {
    const seen = (at: readonly (readonly [number, Observation])[]): string[] => {
      let history: History = new Map();
      for (const [atMs, observation] of at)
        history = checkInvariants({ ...observation, atMs }, history).history;
      return undecided(history);
    };
    expect(seen([[0, lost]])).toEqual(['nobody is lost: cleo is not in the room']);
    const later = (atMs: number, observation: Observation): string[] =>
      seen([
        [0, lost],
        [atMs, observation],
      ]);
    expect(later(7_000, healthy)).toEqual([]);
    expect(later(8_500, lost)).toEqual([]);
  });

  it('restarts the grace when the state was good in between', () => {
    let { history } = checkInvariants(lost, new Map());
    ({ history } = checkInvariants({ ...healthy, atMs: 7_000 }, history));
    expect(checkInvariants({ ...lost, atMs: 9_000 }, history).violations).toEqual([]);
  });

  it('counts a flicker at once', () => {
    const told = view('ada', [{ identity: 'ben', tracks: [] }], {
      spuriousEvents: [{ event: 'participantLeft', identity: 'ben', atMs: 1 }],
    });
    expect(watch({ ...healthy, clients: [told] }, [0, 500])).toHaveLength(1);
  });
});

it('reports an action of a control that was replaced, and none of the leader', () => {
  const acted = (...fences: readonly number[]): Observation => ({
    ...healthy,
    acts: fences.map((fence, at) => ({ id: `${at}-0`, fence, what: `bury n${at}` })),
  });
  expect(watch(acted(5, 5, 7), [0, 500])).toEqual([]);
  expect(watch(acted(5, 7, 5), [0, 500])).toMatchObject([
    { invariant: 'one control decides', what: 'bury n2 (2-0) with 5, after 7' },
  ]);
});
