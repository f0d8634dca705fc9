import type { HeldPipe, HeldSession, NodeMedia, Observation } from './observation.ts';

/** Something that never happens, and happened. */
export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  readonly atMs: number;
}

/** Each with how long its opposite may be seen before it counts, since the views of a moment are never of one moment. */
const GRACE_MS = {
  /** 1: two live placements. A client that moves make-before-break has 15 s for it. */
  'one placement': 17_000,
  /** 2: a track crosses the same pipe twice. */
  'one copy on a pipe': 5_000,
  /** 2: a pipe outlives the need for it; it is kept some seconds. */
  'no idle pipe': 30_000,
  /** 3: a track shown that no node holds. A publisher that moves has 10 s to publish again. */
  'shown is held': 12_000,
  /** 3: a subscription to a track that the room does not show. */
  'subscribed is shown': 6_000,
  /** Somebody who did not leave is not in the room. */
  'nobody is lost': 8_000,
  /** A client makes another state of the room than the store has. */
  'one view': 6_000,
  /** A client is in the room and gets nothing of a track that is shown. */
  'shown is received': 15_000,
  /** The SDK told that somebody left, or unpublished, who did not. */
  'no spurious event': 0,
  /** A service ended that nobody told to. */
  'no service crashes': 0,
  /** A control acted as leader after another one had replaced it. */
  'one control decides': 0,
  /** A client was told that its call is over. */
  'no call ends': 0,
  /** A client answers nothing: what it sees is unknown. No scenario stops a client. */
  'clients answer': 10_000,
  /** A node answers nothing for longer than any scenario hangs it. */
  'nodes answer': 60_000,
  /** The store answers nothing for longer than any scenario keeps it away. */
  'the store answers': 150_000,
} as const;

export type Invariant = keyof typeof GRACE_MS;

/** Whatever is not as it should be, where everybody answers, is well again by then, or has been told. */
export const LONGEST_GRACE_MS = GRACE_MS['no idle pipe'];

/** What is not as it should be, seen at one moment; it counts once it has been seen for its grace. */
export interface Suspicion {
  readonly invariant: Invariant;
  readonly what: string;
  /** What it is about, when `what` says more that may change while it lasts. */
  readonly subject: string;
}

/** Since when each suspicion was seen without a break, and whether it was reported. */
export type History = ReadonlyMap<string, { readonly sinceMs: number; readonly reported: boolean }>;

/** Judges one observation against the history. Reports a violation once while it lasts. */
export function checkInvariants(
  observation: Observation,
  before: History,
): { readonly violations: readonly Violation[]; readonly history: History } {
  const { atMs } = observation;
  const violations: Violation[] = [];
  const history = new Map<string, { sinceMs: number; reported: boolean }>();
  for (const { invariant, what, subject } of suspicions(observation)) {
    const key = `${invariant}: ${subject}`;
    const { sinceMs = atMs, reported = false } = before.get(key) ?? {};
    const counts = atMs - sinceMs >= GRACE_MS[invariant];
    if (counts && !reported) violations.push({ invariant, what, atMs });
    history.set(key, { sinceMs, reported: reported || counts });
  }
  return { violations, history };
}

/** What was not as it should be at the last look, and is neither well again nor told yet. */
export function undecided(history: History): string[] {
  return [...history].flatMap(([key, { reported }]) => (reported ? [] : [key]));
}

/** What looks wrong in one observation. What is unknown, because somebody did not answer, is not held against anyone. */
export function suspicions(observation: Observation): Suspicion[] {
  return [
    ...placements(observation),
    ...acts(observation),
    ...pipes(observation),
    ...roomAgainstNodes(observation),
    ...roomAgainstPeople(observation),
    ...clients(observation),
    ...silence(observation),
  ];
}

function silence({ room, nodes, silentClients }: Observation): Suspicion[] {
  return [
    ...(silentClients > 0 ? [suspect('clients answer', `${silentClients} do not`, 'some')] : []),
    ...[...nodes]
      .filter(([, media]) => media === 'silent')
      .map(([nodeId]) => suspect('nodes answer', `${nodeId} does not`)),
    ...(room === 'unknown' ? [suspect('the store answers', 'it does not')] : []),
  ];
}

function placements(observation: Observation): Suspicion[] {
  const live = new Map<string, string[]>();
  for (const [nodeId, { sessions }] of answering(observation)) {
    for (const { identity, sessionId, epoch } of sessions) {
      const of = live.get(identity) ?? [];
      live.set(identity, [...of, `${sessionId} (epoch ${epoch}) on ${nodeId}`]);
    }
  }
  return [...live]
    .filter(([, sessions]) => sessions.length > 1)
    .map(([identity, sessions]) => suspect('one placement', `${identity}: ${sessions.sort().join(', ')}`));
}

/** The number of the lease rises with each one that leads: after a higher one nobody acts with a lower one. */
function acts(observation: Observation): Suspicion[] {
  let highest = 0;
  return observation.acts.flatMap(({ id, fence, what }) => {
    const late = fence < highest;
    highest = Math.max(highest, fence);
    return late ? [suspect('one control decides', `${what} (${id}) with ${fence}, after ${highest}`)] : [];
  });
}

function pipes(observation: Observation): Suspicion[] {
  return answering(observation).flatMap(([nodeId, media]) =>
    media.pipes.flatMap((pipe) => [
      ...[...repeated(pipe.tracksIn), ...repeated(pipe.tracksOut)].map((trackId) =>
        suspect('one copy on a pipe', `${trackId} on ${pipe.id} of ${nodeId}`),
      ),
      ...(isIdle(pipe) ? [suspect('no idle pipe', `${pipe.id} of ${nodeId}`)] : []),
    ]),
  );
}

function roomAgainstNodes(observation: Observation): Suspicion[] {
  const { room } = observation;
  if (typeof room === 'string') return [];
  const nodes = answering(observation);
  const held = new Set(
    nodes.flatMap(([, { sessions }]) => sessions.flatMap(({ tracks }) => tracks.map(trackIdOf))),
  );
  const shown = new Set(room.tracks.map(({ trackId }) => trackId));
  return [
    ...room.tracks
      .filter(({ trackId }) => !held.has(trackId))
      .map(({ trackId, identity, nodeId }) =>
        suspect('shown is held', `${trackId} of ${identity}, said to be on ${nodeId}`),
      ),
    ...nodes.flatMap(([nodeId, { sessions }]) =>
      sessions.flatMap((session) =>
        strayTracks(session, shown).map((what) => suspect('subscribed is shown', `${what} on ${nodeId}`)),
      ),
    ),
  ];
}

function strayTracks({ identity, subscriptions }: HeldSession, shown: ReadonlySet<string>): string[] {
  return subscriptions
    .map(trackIdOf)
    .filter((trackId) => !shown.has(trackId))
    .map((trackId) => `${identity} to ${trackId}`);
}

function roomAgainstPeople({ room, expected, clients: views }: Observation): Suspicion[] {
  if (room === 'unknown') return [];
  const present = new Set(room === 'gone' ? [] : room.participants.map(({ identity }) => identity));
  const lost = expected
    .filter((identity) => !present.has(identity))
    .map((identity) => suspect('nobody is lost', `${identity} is not in the room`));
  if (room === 'gone') return lost;
  const differing = views
    .filter(({ connection }) => connection.state === 'connected')
    .flatMap(({ identity, others }) => {
      const truth = membersAndTracks(
        room.participants.map((one) => ({
          identity: one.identity,
          tracks: room.tracks.filter((track) => track.identity === one.identity),
        })),
        identity,
      );
      const seen = membersAndTracks(others, identity);
      return truth === seen
        ? []
        : [suspect('one view', `${identity} sees ${seen}, the room is ${truth}`, identity)];
    });
  return [...lost, ...differing];
}

function clients({ clients: views }: Observation): Suspicion[] {
  return views.flatMap((view) => [
    ...view.spuriousEvents.map(({ event, identity, atMs }) =>
      suspect('no spurious event', `${view.identity} was told ${event} of ${identity} at ${atMs}`),
    ),
    ...(view.connection.state === 'closed' && view.connection.cause !== 'left'
      ? [suspect('no call ends', `${view.identity}: ${view.connection.cause ?? 'closed'}`)]
      : []),
    ...view.others.flatMap((other) =>
      other.tracks
        .filter(({ quietMs }) => quietMs > QUIET_MS)
        .map(({ trackId, kind }) =>
          suspect('shown is received', `${view.identity} gets no ${kind} of ${other.identity} (${trackId})`),
        ),
    ),
  ]);
}

const QUIET_MS = 2_000;

function answering({ nodes }: Observation): [string, NodeMedia][] {
  return [...nodes].filter((entry): entry is [string, NodeMedia] => entry[1] !== 'silent');
}

function membersAndTracks(
  members: readonly { readonly identity: string; readonly tracks: readonly { readonly trackId: string }[] }[],
  except: string,
): string {
  return members
    .filter(({ identity }) => identity !== except)
    .map(
      ({ identity, tracks }) =>
        `${identity}(${tracks
          .map(({ trackId }) => trackId)
          .sort()
          .join(' ')})`,
    )
    .sort()
    .join(' ');
}

function repeated(trackIds: readonly string[]): string[] {
  return [...new Set(trackIds.filter((trackId, at) => trackIds.indexOf(trackId) !== at))];
}

function isIdle({ tracksIn, tracksOut }: HeldPipe): boolean {
  return tracksIn.length + tracksOut.length === 0;
}

function trackIdOf(track: string): string {
  return track.split('@')[0] ?? track;
}

function suspect(invariant: Invariant, what: string, subject = what): Suspicion {
  return { invariant, what, subject };
}
