import type { Participant, RoomChange, RoomState, Track } from '@skein/protocol';
import { newFeed, stepFeed, type Feed, type FeedCommand, type FeedInput } from './feed-step.ts';

/**
 * A feed whose room outlives the store's loss of it. When the store comes back without what it had, the nodes announce
 * what they hold, and the room grows back; whoever follows it sees the old state meanwhile, and at the end one
 * replacement, so that nobody flickers away.
 */
export interface SteadyFeed {
  /** What the store has, as far as known. */
  readonly feed: Feed;
  /** What those who follow the room have been told. */
  readonly shown: RoomState | undefined;
  readonly regrowth: Regrowth;
}

export type Regrowth =
  | { readonly name: 'none' }
  /** `awaited`: what was shown, without what has left since. `over`: its time has passed, the store has the last word. */
  | { readonly name: 'growing'; readonly awaited: RoomState; readonly over: boolean };

export type SteadyInput = FeedInput | { readonly type: 'regrowthOver' };

export type SteadyCommand =
  | FeedCommand
  /** The store has lost the room, or some of it: `state` is what there was. */
  | { readonly do: 'tellLost'; readonly state: RoomState }
  /** Replaces an earlier deadline. */
  | { readonly do: 'startRegrowth' }
  | { readonly do: 'endRegrowth' };

export interface SteadyStep {
  readonly steady: SteadyFeed;
  readonly commands: readonly SteadyCommand[];
}

export const newSteadyFeed: SteadyFeed = { feed: newFeed, shown: undefined, regrowth: { name: 'none' } };

export function stepSteadyFeed(steady: SteadyFeed, input: SteadyInput): SteadyStep {
  if (input.type === 'regrowthOver') {
    const { regrowth } = steady;
    if (regrowth.name === 'none') return { steady, commands: [] };
    // A store that can't be asked now can't have been announced to either: the wait goes on until it answers.
    const over: SteadyFeed = { ...steady, regrowth: { ...regrowth, over: true } };
    return follow(over, stepFeed(over.feed, { type: 'doubted' }), false);
  }
  const answered = input.type === 'gotSnapshot' || input.type === 'gotChanges';
  return follow(steady, stepFeed(steady.feed, input), answered);
}

/** The room at `version` or later, for one who needs no less: while it grows back, with what is still awaited. */
export function reached({ feed, shown, regrowth }: SteadyFeed, version: number): RoomState | undefined {
  if (shown && shown.version >= version) return shown;
  if (!feed.state || feed.state.version < version) return undefined;
  return regrowth.name === 'growing' ? union(regrowth.awaited, feed.state) : feed.state;
}

function follow(
  before: SteadyFeed,
  { feed, commands }: { feed: Feed; commands: readonly FeedCommand[] },
  answered: boolean,
): SteadyStep {
  let steady: SteadyFeed = { ...before, feed };
  const out: SteadyCommand[] = [];
  for (const command of commands) {
    const told = tell(steady, command);
    steady = told.steady;
    out.push(...told.commands);
  }
  const { regrowth } = steady;
  if (regrowth.name === 'none') return { steady, commands: out };
  const settled = regrowth.over && answered && feed.phase.name === 'inStep';
  if (!settled && lacks(feed.state, regrowth.awaited)) return { steady, commands: out };
  out.push({ do: 'endRegrowth' }, { do: 'tellReplaced', state: feed.state, lost: false });
  return { steady: { feed, shown: feed.state, regrowth: { name: 'none' } }, commands: out };
}

function tell(steady: SteadyFeed, command: FeedCommand): SteadyStep {
  const { regrowth, shown } = steady;
  const growing = regrowth.name === 'growing';
  if (command.do === 'tellChange') {
    if (!growing) return { steady: { ...steady, shown: command.state }, commands: [command] };
    const awaited = withoutLeft(regrowth.awaited, command.change.change);
    return { steady: { ...steady, regrowth: { ...regrowth, awaited } }, commands: [] };
  }
  if (command.do !== 'tellReplaced') return { steady, commands: [command] };
  const awaited = growing ? regrowth.awaited : shown;
  if (command.lost && awaited && lacks(command.state, awaited)) {
    return {
      steady: { ...steady, regrowth: { name: 'growing', awaited, over: false } },
      commands: [{ do: 'startRegrowth' }, { do: 'tellLost', state: awaited }],
    };
  }
  if (growing) return { steady, commands: [] };
  return { steady: { ...steady, shown: command.state }, commands: [command] };
}

/** Whether something of `awaited` is missing from `state`, or there in an earlier epoch only. */
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
