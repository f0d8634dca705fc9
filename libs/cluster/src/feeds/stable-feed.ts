import type { Participant, RoomChange, RoomState, Track } from '@skein/protocol';
import { newFeed, stepFeed, type Feed, type FeedCommand, type FeedInput } from './feed-step.ts';

/**
 * A feed that stays stable over a data loss of the store. When the store comes back without a room, the nodes announce what
 * they hold and the room recovers. Followers see the old state meanwhile, and one replacement at the end, without spurious
 * leave events.
 */
export interface StableFeed {
  /** The state of the store, as far as known. */
  readonly feed: Feed;
  /** The state that followers have seen. */
  readonly shown: RoomState | undefined;
  readonly recovery: Recovery;
}

export type Recovery =
  | { readonly kind: 'none' }
  /** `awaited`: the shown state without those who have left since. `over`: the time has passed, and the store decides. */
  | { readonly kind: 'recovering'; readonly awaited: RoomState; readonly over: boolean };

export type StableFeedInput = FeedInput | { readonly type: 'recoveryTimedOut' };

export type StableFeedCommand =
  | FeedCommand
  /** The store has lost the room or a part of it. `state`: before the loss. */
  | { readonly type: 'emitLost'; readonly state: RoomState }
  /** Replaces an earlier deadline. */
  | { readonly type: 'startRecovery' }
  | { readonly type: 'endRecovery' };

export interface StableFeedStep {
  readonly stable: StableFeed;
  readonly commands: readonly StableFeedCommand[];
}

export const newStableFeed: StableFeed = { feed: newFeed, shown: undefined, recovery: { kind: 'none' } };

export function stepStableFeed(stable: StableFeed, input: StableFeedInput): StableFeedStep {
  if (input.type === 'recoveryTimedOut') {
    const { recovery } = stable;
    if (recovery.kind === 'none') return { stable, commands: [] };
    // Nodes cannot announce to a store that does not answer: the recovery lasts until it does.
    const over: StableFeed = { ...stable, recovery: { ...recovery, over: true } };
    return follow(over, stepFeed(over.feed, { type: 'verify' }), false);
  }
  const answered = input.type === 'gotSnapshot' || input.type === 'gotChanges';
  return follow(stable, stepFeed(stable.feed, input), answered);
}

/** The room at `version` or later; during a recovery, joined with what is still awaited. */
export function reached({ feed, shown, recovery }: StableFeed, version: number): RoomState | undefined {
  if (shown && shown.version >= version) return shown;
  if (!feed.state || feed.state.version < version) return undefined;
  return recovery.kind === 'recovering' ? union(recovery.awaited, feed.state) : feed.state;
}

function follow(
  before: StableFeed,
  { feed, commands }: { feed: Feed; commands: readonly FeedCommand[] },
  answered: boolean,
): StableFeedStep {
  let stable: StableFeed = { ...before, feed };
  const out: StableFeedCommand[] = [];
  for (const command of commands) {
    const forwarded = forward(stable, command);
    stable = forwarded.stable;
    out.push(...forwarded.commands);
  }
  const { recovery } = stable;
  if (recovery.kind === 'none') return { stable, commands: out };
  const settled = recovery.over && answered && feed.phase.kind === 'inSync';
  if (!settled && lacks(feed.state, recovery.awaited)) return { stable, commands: out };
  out.push({ type: 'endRecovery' }, { type: 'emitReplaced', state: feed.state, lost: false });
  return { stable: { feed, shown: feed.state, recovery: { kind: 'none' } }, commands: out };
}

function forward(stable: StableFeed, command: FeedCommand): StableFeedStep {
  const { recovery, shown } = stable;
  const recovering = recovery.kind === 'recovering';
  if (command.type === 'emitChange') {
    if (!recovering) return { stable: { ...stable, shown: command.state }, commands: [command] };
    const awaited = withoutLeft(recovery.awaited, command.change.change);
    return { stable: { ...stable, recovery: { ...recovery, awaited } }, commands: [] };
  }
  if (command.type !== 'emitReplaced') return { stable, commands: [command] };
  const awaited = recovering ? recovery.awaited : shown;
  if (command.lost && awaited && lacks(command.state, awaited)) {
    return {
      stable: { ...stable, recovery: { kind: 'recovering', awaited, over: false } },
      commands: [{ type: 'startRecovery' }, { type: 'emitLost', state: awaited }],
    };
  }
  if (recovering) return { stable, commands: [] };
  return { stable: { ...stable, shown: command.state }, commands: [command] };
}

/** Whether a part of `awaited` is missing from `state`, or has an earlier epoch there. */
function lacks(state: RoomState | undefined, awaited: RoomState): boolean {
  const missing = (has: ReadonlyMap<string, { epoch: number }> | undefined, key: string, epoch: number) =>
    (has?.get(key)?.epoch ?? -1) < epoch;
  for (const { identity, epoch } of awaited.participants.values())
    if (missing(state?.participants, identity, epoch)) return true;
  for (const { trackId, epoch } of awaited.tracks.values())
    if (missing(state?.tracks, trackId, epoch)) return true;
  return false;
}

function withoutLeft(awaited: RoomState, change: RoomChange): RoomState {
  switch (change.type) {
    case 'participantLeft': {
      const participants = new Map(awaited.participants);
      const known = participants.get(change.identity);
      if (!known || known.epoch > change.epoch) return awaited;
      participants.delete(change.identity);
      const tracks = [...awaited.tracks].filter(([, one]) => one.identity !== change.identity);
      return { ...awaited, participants, tracks: new Map(tracks) };
    }
    case 'trackUnpublished': {
      const tracks = new Map(awaited.tracks);
      tracks.delete(change.trackId);
      return { ...awaited, tracks };
    }
    case 'participantJoined':
    case 'participantMoved':
    case 'participantUpdated':
    case 'trackPublished':
    case 'trackUpdated':
      return awaited;
  }
}

function union(awaited: RoomState, state: RoomState): RoomState {
  return {
    ...state,
    participants: later<Participant>(awaited.participants, state.participants),
    tracks: later<Track>(awaited.tracks, state.tracks),
  };
}

function later<Value extends { readonly epoch: number }>(
  old: ReadonlyMap<string, Value>,
  present: ReadonlyMap<string, Value>,
): ReadonlyMap<string, Value> {
  const both = new Map(old);
  for (const [key, value] of present) if ((both.get(key)?.epoch ?? -1) <= value.epoch) both.set(key, value);
  return both;
}
