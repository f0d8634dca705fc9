import {
  applyChange,
  roomStateOf,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { backoff } from '@skein/runtime';
import type { StoredSnapshot } from '../store/room-store.ts';

/** How long a missing change may still arrive after a later one. */
export const REORDER_WAIT_MS = 20;
const retryAfterMs = backoff({ firstMs: 200, maxMs: 5000 });
/** Changes kept that arrived early. Past this number all are dropped: the store has them. */
export const MAX_PARKED = 512;

/**
 * The state of a feed. `wanted`: the highest version known to exist, 0 for none. `unverified`: the store's history has changed
 * since the state was made, so equal versions may mean different things.
 */
export interface Feed {
  readonly state: RoomState | undefined;
  readonly phase: FeedPhase;
  readonly wanted: number;
  readonly parked: ReadonlyMap<number, VersionedChange>;
  readonly unverified: boolean;
}

type Need = 'changes' | 'snapshot';

export type FeedPhase =
  | { readonly kind: 'inSync' }
  /** A change is missing that may still arrive. */
  | { readonly kind: 'awaitingOrder' }
  /**
   * `forced`: the store's answer counts even if it is older than the state, as the store lost what the state is made of.
   * `asOf`: the state's version when the read began. `settles`: the answer belongs to the store's present history.
   */
  | {
      readonly kind: 'reading';
      readonly need: Need;
      readonly forced: boolean;
      readonly settles: boolean;
      readonly asOf: number | undefined;
      readonly wantedWhenAsked: number;
      readonly attempts: number;
    }
  | { readonly kind: 'backingOff'; readonly need: Need; readonly forced: boolean; readonly attempts: number };

export type FeedInput =
  | { readonly type: 'begun'; readonly snapshot: RoomSnapshot | undefined }
  | { readonly type: 'changes'; readonly changes: readonly VersionedChange[] }
  /** The room is at `version` at least. */
  | { readonly type: 'expected'; readonly version: number }
  /** The store has `version` (`undefined`: no such room), read when the state was at `asOf`. */
  | { readonly type: 'compared'; readonly version: number | undefined; readonly asOf: number | undefined }
  /** Read the store even if nothing seems to be missing. */
  | { readonly type: 'verify' }
  /**
   * The store's history has changed: what it lacks of the state is lost, whatever the versions say. The next input reads
   * the store.
   */
  | { readonly type: 'fellBack' }
  | { readonly type: 'woke' }
  | { readonly type: 'gotChanges'; readonly changes: readonly VersionedChange[] | undefined }
  | { readonly type: 'gotSnapshot'; readonly snapshot: StoredSnapshot | undefined }
  | { readonly type: 'readFailed' };

export type FeedCommand =
  | { readonly type: 'emitChange'; readonly change: VersionedChange; readonly state: RoomState }
  /** `lost`: the store has lost the earlier state, rather than the feed having missed changes. */
  | { readonly type: 'emitReplaced'; readonly state: RoomState | undefined; readonly lost: boolean }
  | { readonly type: 'readChanges'; readonly since: number }
  | { readonly type: 'readSnapshot' }
  /** Replaces an earlier wake-up. */
  | { readonly type: 'wake'; readonly afterMs: number; readonly why: 'order' | 'retry' };

export interface Step {
  readonly feed: Feed;
  readonly commands: readonly FeedCommand[];
}

export const newFeed: Feed = {
  state: undefined,
  phase: { kind: 'inSync' },
  wanted: 0,
  parked: new Map(),
  unverified: false,
};

/**
 * The state of a feed after an input, and the commands in order. At most one read of the store is open at a time. Emitted
 * changes follow each other without a gap between two `emitReplaced`.
 */
export function stepFeed(feed: Feed, input: FeedInput): Step {
  switch (input.type) {
    case 'begun':
      return begin(feed, input.snapshot);
    case 'changes':
      return settle(absorb(feed, input.changes));
    case 'expected':
      return settle(unchanged({ ...feed, wanted: Math.max(feed.wanted, input.version) }));
    case 'compared':
      return compare(feed, input.version, input.asOf);
    case 'verify':
      return verify(feed);
    case 'fellBack':
      // Parked changes belong to the former history, and would fit the present one by their versions.
      return unchanged({ ...feed, unverified: feed.state !== undefined, parked: new Map() });
    case 'woke':
      return wake(feed);
    case 'gotChanges':
      return gotChanges(feed, input.changes);
    case 'gotSnapshot':
      return gotSnapshot(feed, input.snapshot);
    case 'readFailed':
      return backOff(feed);
  }
}

function unchanged(feed: Feed): Step {
  return { feed, commands: [] };
}

function andThen(step: Step, next: (feed: Feed) => Step): Step {
  const { feed, commands } = next(step.feed);
  return { feed, commands: [...step.commands, ...commands] };
}

function begin(feed: Feed, snapshot: RoomSnapshot | undefined): Step {
  const begun = snapshot && !feed.state ? replace(feed, roomStateOf(snapshot), false) : unchanged(feed);
  const wanted = Math.max(begun.feed.wanted, snapshot?.version ?? 0);
  const known = andThen({ ...begun, feed: { ...begun.feed, wanted } }, (now) => absorb(now, []));
  if (feed.phase.kind !== 'inSync' || feed.state) return settle(known);
  // Changes between the snapshot and the start of listening are in the store only.
  return andThen(known, (now) => read(now, now.state ? 'changes' : 'snapshot'));
}

/** Applies the changes that are next, and parks the others. */
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
    commands.push({ type: 'emitChange', change: next, state });
    parked.delete(next.version);
  }
  for (const version of parked.keys()) if (state && version <= state.version) parked.delete(version);
  if (parked.size > MAX_PARKED) parked.clear();
  return { feed: { ...feed, state, wanted, parked }, commands };
}

/** Starts or ends the wait for a missing change. */
function settle(step: Step): Step {
  return andThen(step, (feed) => {
    const missing = feed.wanted > (feed.state?.version ?? 0);
    switch (feed.phase.kind) {
      case 'inSync':
        if (feed.unverified) return verify(feed);
        if (!missing) return unchanged(feed);
        if (!feed.state) return read(feed, 'snapshot');
        return {
          feed: { ...feed, phase: { kind: 'awaitingOrder' } },
          commands: [{ type: 'wake', afterMs: REORDER_WAIT_MS, why: 'order' }],
        };
      case 'awaitingOrder':
        return unchanged(missing ? feed : { ...feed, phase: { kind: 'inSync' } });
      case 'reading':
      case 'backingOff':
        return unchanged(feed);
    }
  });
}

function read(feed: Feed, need: Need, { forced = false, attempts = 0 } = {}): Step {
  const since = feed.state?.version;
  const phase: FeedPhase = {
    kind: 'reading',
    ...{ need, forced, attempts, settles: feed.unverified && forced },
    ...{ asOf: since, wantedWhenAsked: feed.wanted },
  };
  const request: FeedCommand =
    need === 'changes' && since !== undefined ? { type: 'readChanges', since } : { type: 'readSnapshot' };
  return { feed: { ...feed, phase, unverified: feed.unverified && !forced }, commands: [request] };
}

function wake(feed: Feed): Step {
  const { phase } = feed;
  switch (phase.kind) {
    case 'awaitingOrder':
      return read(feed, feed.state ? 'changes' : 'snapshot');
    case 'backingOff':
      return feed.unverified
        ? read(feed, 'snapshot', { ...phase, forced: true })
        : read(feed, phase.need, phase);
    case 'inSync':
    case 'reading':
      return unchanged(feed);
  }
}

function verify(feed: Feed): Step {
  const busy = feed.phase.kind === 'reading' || feed.phase.kind === 'backingOff';
  return busy ? unchanged(feed) : read(feed, 'snapshot', { forced: true });
}

function compare(feed: Feed, version: number | undefined, asOf: number | undefined): Step {
  if (feed.phase.kind !== 'inSync') return unchanged(feed);
  if (feed.unverified) return verify(feed);
  // The room is gone, or the store fell back behind its earlier answer.
  const lost =
    asOf !== undefined && feed.state?.version === asOf && (version === undefined || version < asOf);
  if (lost) return read(feed, 'snapshot', { forced: true });
  if (version === undefined) return unchanged(feed);
  return settle(unchanged({ ...feed, wanted: Math.max(feed.wanted, version) }));
}

function gotChanges(feed: Feed, changes: readonly VersionedChange[] | undefined): Step {
  if (feed.phase.kind !== 'reading') return unchanged(feed);
  const { wantedWhenAsked } = feed.phase;
  if (feed.unverified) return read(feed, 'snapshot', { forced: true });
  if (!changes) return read(feed, 'snapshot');
  return andThen(absorb(feed, changes), (now) => answered(now, wantedWhenAsked));
}

function gotSnapshot(feed: Feed, snapshot: StoredSnapshot | undefined): Step {
  if (feed.phase.kind !== 'reading') return unchanged(feed);
  const { wantedWhenAsked, forced, settles, asOf } = feed.phase;
  const { state } = feed;
  if (feed.unverified) return read(feed, 'snapshot', { forced: true });
  if (settles) return start(feed, snapshot, wantedWhenAsked);
  // Changes that arrived during the read may be later than the answer; a missing room proves nothing then.
  const overtaken = state?.version !== asOf;
  if (!snapshot && overtaken) return read(feed, 'changes');
  const older = snapshot && state && snapshot.version <= state.version && (overtaken || !forced);
  const replaced = older
    ? unchanged(feed)
    : replace(feed, snapshot && roomStateOf(snapshot), isLost(state, snapshot));
  const filled = andThen(replaced, (now) => absorb(now, []));
  return andThen(filled, (now) => answered(now, wantedWhenAsked));
}

/** Starts again with the store's present history. Later changes that arrived during the read are read again. */
function start(feed: Feed, snapshot: StoredSnapshot | undefined, wantedWhenAsked: number): Step {
  const state = snapshot && roomStateOf(snapshot);
  const same = state && feed.state && isSame(state, feed.state);
  const replaced = same ? unchanged(feed) : replace(feed, state, true);
  const filled = andThen(replaced, (now) => absorb(now, []));
  return andThen(filled, (now) => answered(now, wantedWhenAsked));
}

/** Compares two states of one version whose histories may differ. */
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

/** Versions rise during the life of a room. A room born later is another room of the same name. */
function isLost(state: RoomState | undefined, snapshot: StoredSnapshot | undefined): boolean {
  if (!state) return false;
  return !snapshot || snapshot.version < state.version || (snapshot.bornVersion ?? 0) > state.version;
}

function replace(feed: Feed, state: RoomState | undefined, lost: boolean): Step {
  if (!state && !feed.state) return unchanged(feed);
  return { feed: { ...feed, state }, commands: [{ type: 'emitReplaced', state, lost }] };
}

/**
 * The store has answered. A version that was known before the read and is still missing is lost; without this, the feed
 * would read it for ever.
 */
function answered(feed: Feed, wantedWhenAsked: number): Step {
  const wanted = feed.wanted > wantedWhenAsked ? feed.wanted : (feed.state?.version ?? 0);
  const parked = new Map([...feed.parked].filter(([version]) => version > wantedWhenAsked));
  return settle(unchanged({ ...feed, wanted, parked, phase: { kind: 'inSync' } }));
}

function backOff(feed: Feed): Step {
  if (feed.phase.kind !== 'reading') return unchanged(feed);
  const { need, forced, attempts, settles } = feed.phase;
  const afterMs = retryAfterMs(attempts + 1);
  return {
    feed: {
      ...feed,
      phase: { kind: 'backingOff', need, forced, attempts: attempts + 1 },
      unverified: feed.unverified || settles,
    },
    commands: [{ type: 'wake', afterMs, why: 'retry' }],
  };
}
