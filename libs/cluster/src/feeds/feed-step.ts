import {
  applyChange,
  roomStateOf,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import type { StoredSnapshot } from '../store/room-store.ts';

/** How long a missing change may still come by itself, when a later one has come. */
export const REORDER_WAIT_MS = 20;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 5000;
/** Changes kept that came before their turn. Past it all are dropped: the store has them. */
export const MAX_PARKED = 512;

/**
 * What a feed holds. `wanted`: the highest version known to exist, 0 for none. `doubtful`: the store's history is another
 * one than when the state was made, so that equal versions may mean different things.
 */
export interface Feed {
  readonly state: RoomState | undefined;
  readonly phase: FeedPhase;
  readonly wanted: number;
  readonly parked: ReadonlyMap<number, VersionedChange>;
  readonly doubtful: boolean;
}

type Need = 'changes' | 'snapshot';

export type FeedPhase =
  | { readonly name: 'inStep' }
  /** Something is missing that may be on its way. */
  | { readonly name: 'awaitingOrder' }
  /**
   * `forced`: the store's answer counts even where it is older than the state, as it lost what the state is made of.
   * `asOf`: the state's version when it was asked. `settles`: the answer is of the store's present history.
   */
  | {
      readonly name: 'asking';
      readonly need: Need;
      readonly forced: boolean;
      readonly settles: boolean;
      readonly asOf: number | undefined;
      readonly wantedWhenAsked: number;
      readonly attempts: number;
    }
  | { readonly name: 'backingOff'; readonly need: Need; readonly forced: boolean; readonly attempts: number };

export type FeedInput =
  | { readonly type: 'begun'; readonly snapshot: RoomSnapshot | undefined }
  | { readonly type: 'changes'; readonly changes: readonly VersionedChange[] }
  /** The room is at `version` at least. */
  | { readonly type: 'expected'; readonly version: number }
  /** The store has `version` (`undefined`: no such room), asked when the state was at `asOf`. */
  | { readonly type: 'compared'; readonly version: number | undefined; readonly asOf: number | undefined }
  /** The store is to be asked for what it has, even if nothing seems to be missing. */
  | { readonly type: 'doubted' }
  /**
   * The store's history is another one than before: what it lacks of the state is lost, whatever the versions say. It is
   * asked with the next input.
   */
  | { readonly type: 'fellBack' }
  | { readonly type: 'woke' }
  | { readonly type: 'gotChanges'; readonly changes: readonly VersionedChange[] | undefined }
  | { readonly type: 'gotSnapshot'; readonly snapshot: StoredSnapshot | undefined }
  | { readonly type: 'askFailed' };

export type FeedCommand =
  | { readonly do: 'tellChange'; readonly change: VersionedChange; readonly state: RoomState }
  /** `lost`: not because changes were missed, but because the store has lost what there was. */
  | { readonly do: 'tellReplaced'; readonly state: RoomState | undefined; readonly lost: boolean }
  | { readonly do: 'askChanges'; readonly since: number }
  | { readonly do: 'askSnapshot' }
  /** Replaces an earlier wake-up. */
  | { readonly do: 'wake'; readonly afterMs: number; readonly why: 'order' | 'retry' };

export interface Step {
  readonly feed: Feed;
  readonly commands: readonly FeedCommand[];
}

export const newFeed: Feed = {
  state: undefined,
  phase: { name: 'inStep' },
  wanted: 0,
  parked: new Map(),
  doubtful: false,
};

/**
 * One step of a feed: what it holds after an input, and what is to be done, in order. At most one question to the
 * store is open at a time. Told changes follow each other without a hole between two `tellReplaced`.
 */
export function stepFeed(feed: Feed, input: FeedInput): Step {
  switch (input.type) {
    case 'begun':
      return begin(feed, input.snapshot);
    case 'changes':
      return settle(absorb(feed, input.changes));
    case 'expected':
      return settle(stay({ ...feed, wanted: Math.max(feed.wanted, input.version) }));
    case 'compared':
      return compare(feed, input.version, input.asOf);
    case 'doubted':
      return doubt(feed);
    case 'fellBack':
      // What waits for its turn is of the history before, and would fit the present one by its version.
      return stay({ ...feed, doubtful: feed.state !== undefined, parked: new Map() });
    case 'woke':
      return wake(feed);
    case 'gotChanges':
      return gotChanges(feed, input.changes);
    case 'gotSnapshot':
      return gotSnapshot(feed, input.snapshot);
    case 'askFailed':
      return backOff(feed);
  }
}

function stay(feed: Feed): Step {
  return { feed, commands: [] };
}

function andThen(step: Step, next: (feed: Feed) => Step): Step {
  const { feed, commands } = next(step.feed);
  return { feed, commands: [...step.commands, ...commands] };
}

function begin(feed: Feed, snapshot: RoomSnapshot | undefined): Step {
  const begun = snapshot && !feed.state ? replace(feed, roomStateOf(snapshot), false) : stay(feed);
  const wanted = Math.max(begun.feed.wanted, snapshot?.version ?? 0);
  const known = andThen({ ...begun, feed: { ...begun.feed, wanted } }, (now) => absorb(now, []));
  if (feed.phase.name !== 'inStep' || feed.state) return settle(known);
  // What came between the snapshot and the start of listening is in the store only.
  return andThen(known, (now) => ask(now, now.state ? 'changes' : 'snapshot'));
}

/** Applies what is in turn, and parks what is not. */
function absorb(feed: Feed, changes: readonly VersionedChange[]): Step {
  const commands: FeedCommand[] = [];
  const parked = new Map(feed.parked);
  let { state, wanted } = feed;
  for (const change of changes) {
    if (change.version > (state?.version ?? 0)) parked.set(change.version, change);
    wanted = Math.max(wanted, change.version);
  }
  for (
    let next = state && parked.get(state.version + 1);
    state && next;
    next = parked.get(state.version + 1)
  ) {
    const applied = applyChange(state, next);
    if (applied.outcome !== 'applied') break;
    state = applied.state;
    commands.push({ do: 'tellChange', change: next, state });
    parked.delete(next.version);
  }
  for (const version of parked.keys()) if (state && version <= state.version) parked.delete(version);
  if (parked.size > MAX_PARKED) parked.clear();
  return { feed: { ...feed, state, wanted, parked }, commands };
}

/** Goes on to whatever the gap, or its end, calls for. */
function settle(step: Step): Step {
  return andThen(step, (feed) => {
    const missing = feed.wanted > (feed.state?.version ?? 0);
    switch (feed.phase.name) {
      case 'inStep':
        if (feed.doubtful) return doubt(feed);
        if (!missing) return stay(feed);
        if (!feed.state) return ask(feed, 'snapshot');
        return {
          feed: { ...feed, phase: { name: 'awaitingOrder' } },
          commands: [{ do: 'wake', afterMs: REORDER_WAIT_MS, why: 'order' }],
        };
      case 'awaitingOrder':
        return stay(missing ? feed : { ...feed, phase: { name: 'inStep' } });
      case 'asking':
      case 'backingOff':
        return stay(feed);
    }
  });
}

function ask(feed: Feed, need: Need, { forced = false, attempts = 0 } = {}): Step {
  const since = feed.state?.version;
  const phase: FeedPhase = {
    name: 'asking',
    ...{ need, forced, attempts, settles: feed.doubtful && forced },
    ...{ asOf: since, wantedWhenAsked: feed.wanted },
  };
  const question: FeedCommand =
    need === 'changes' && since !== undefined ? { do: 'askChanges', since } : { do: 'askSnapshot' };
  return { feed: { ...feed, phase, doubtful: feed.doubtful && !forced }, commands: [question] };
}

function wake(feed: Feed): Step {
  const { phase } = feed;
  switch (phase.name) {
    case 'awaitingOrder':
      return ask(feed, feed.state ? 'changes' : 'snapshot');
    case 'backingOff':
      return feed.doubtful ? ask(feed, 'snapshot', { ...phase, forced: true }) : ask(feed, phase.need, phase);
    case 'inStep':
    case 'asking':
      return stay(feed);
  }
}

function doubt(feed: Feed): Step {
  const busy = feed.phase.name === 'asking' || feed.phase.name === 'backingOff';
  return busy ? stay(feed) : ask(feed, 'snapshot', { forced: true });
}

function compare(feed: Feed, version: number | undefined, asOf: number | undefined): Step {
  if (feed.phase.name !== 'inStep') return stay(feed);
  if (feed.doubtful) return doubt(feed);
  // The room is gone, or the store fell back behind what it had said before.
  const lost =
    asOf !== undefined && feed.state?.version === asOf && (version === undefined || version < asOf);
  if (lost) return ask(feed, 'snapshot', { forced: true });
  if (version === undefined) return stay(feed);
  return settle(stay({ ...feed, wanted: Math.max(feed.wanted, version) }));
}

function gotChanges(feed: Feed, changes: readonly VersionedChange[] | undefined): Step {
  if (feed.phase.name !== 'asking') return stay(feed);
  const { wantedWhenAsked } = feed.phase;
  if (feed.doubtful) return ask(feed, 'snapshot', { forced: true });
  if (!changes) return ask(feed, 'snapshot');
  return andThen(absorb(feed, changes), (now) => answered(now, wantedWhenAsked));
}

function gotSnapshot(feed: Feed, snapshot: StoredSnapshot | undefined): Step {
  if (feed.phase.name !== 'asking') return stay(feed);
  const { wantedWhenAsked, forced, settles, asOf } = feed.phase;
  const { state } = feed;
  if (feed.doubtful) return ask(feed, 'snapshot', { forced: true });
  if (settles) return start(feed, snapshot, wantedWhenAsked);
  // What came while the store was asked may be later than its answer; that there was no room says nothing then.
  const overtaken = state?.version !== asOf;
  if (!snapshot && overtaken) return ask(feed, 'changes');
  const older = snapshot && state && snapshot.version <= state.version && (overtaken || !forced);
  const replaced = older
    ? stay(feed)
    : replace(feed, snapshot && roomStateOf(snapshot), isLost(state, snapshot));
  const filled = andThen(replaced, (now) => absorb(now, []));
  return andThen(filled, (now) => answered(now, wantedWhenAsked));
}

/** Begins anew with the store's present history. What came while it was asked, and is later, is asked for again. */
function start(feed: Feed, snapshot: StoredSnapshot | undefined, wantedWhenAsked: number): Step {
  const state = snapshot && roomStateOf(snapshot);
  const same = state && feed.state && isSame(state, feed.state);
  const replaced = same ? stay(feed) : replace(feed, state, true);
  const filled = andThen(replaced, (now) => absorb(now, []));
  return andThen(filled, (now) => answered(now, wantedWhenAsked));
}

/** Two states of one version, of histories that may differ. */
function isSame(one: RoomState, other: RoomState): boolean {
  const participants = [...one.participants.values()];
  const tracks = [...one.tracks.values()];
  return (
    one.version === other.version &&
    one.participants.size === other.participants.size &&
    one.tracks.size === other.tracks.size &&
    participants.every(({ identity, epoch }) => other.participants.get(identity)?.epoch === epoch) &&
    tracks.every(({ trackId, epoch, muted }) => {
      const known = other.tracks.get(trackId);
      return known?.epoch === epoch && known.muted === muted;
    })
  );
}

/** Versions only rise in the life of a room, and one that was made since is another one, though of the same name. */
function isLost(state: RoomState | undefined, snapshot: StoredSnapshot | undefined): boolean {
  if (!state) return false;
  return !snapshot || snapshot.version < state.version || (snapshot.bornVersion ?? 0) > state.version;
}

function replace(feed: Feed, state: RoomState | undefined, lost: boolean): Step {
  if (!state && !feed.state) return stay(feed);
  return { feed: { ...feed, state }, commands: [{ do: 'tellReplaced', state, lost }] };
}

/**
 * The store has answered. What was known of when it was asked, and is missing still, the store has lost; without this
 * a version that nobody has would be asked for without end.
 */
function answered(feed: Feed, wantedWhenAsked: number): Step {
  const wanted = feed.wanted > wantedWhenAsked ? feed.wanted : (feed.state?.version ?? 0);
  const parked = new Map([...feed.parked].filter(([version]) => version > wantedWhenAsked));
  return settle(stay({ ...feed, wanted, parked, phase: { name: 'inStep' } }));
}

function backOff(feed: Feed): Step {
  if (feed.phase.name !== 'asking') return stay(feed);
  const { need, forced, attempts, settles } = feed.phase;
  const afterMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts, 10), LONGEST_RETRY_MS);
  return {
    feed: {
      ...feed,
      phase: { name: 'backingOff', need, forced, attempts: attempts + 1 },
      doubtful: feed.doubtful || settles,
    },
    commands: [{ do: 'wake', afterMs, why: 'retry' }],
  };
}
