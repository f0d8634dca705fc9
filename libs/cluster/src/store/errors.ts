import { SkeinError } from '@skein/protocol';

/** The errors that the store promises its callers. */
export const StoreError = {
  roomFull: (limit: number): SkeinError =>
    new SkeinError('ROOM_FULL', `the room is at its limit of ${limit} participants; try again later`, {
      details: { limit },
    }),
  noNodeAvailable: (): SkeinError =>
    new SkeinError('NO_NODE_AVAILABLE', 'no media node can take a session right now; try again', {
      retryAfterMs: 1000,
    }),
  superseded: (): SkeinError =>
    new SkeinError(
      'SUPERSEDED',
      'another client has taken over this identity; stop reconnecting, or send a new join',
    ),
  staleEpoch: (): SkeinError => new SkeinError('STALE_EPOCH', 'this session is no longer the current one'),
  sessionNotFound: (): SkeinError =>
    new SkeinError('SESSION_NOT_FOUND', 'the participant is not in the room'),
  trackNotFound: (trackId: string): SkeinError =>
    new SkeinError('TRACK_NOT_FOUND', 'the participant has no such track', { details: { trackId } }),
  tooManyTracks: (limit: number): SkeinError =>
    new SkeinError('LIMIT_EXCEEDED', `a participant publishes at most ${limit} tracks`, {
      details: { limit },
    }),
  trackTaken: (): SkeinError => SkeinError.invalidArgument('trackId', 'belongs to another participant'),
  notLeader: (): SkeinError => new SkeinError('STALE_EPOCH', 'the caller does not hold the leader lease'),
  nodeReplaced: (nodeId: string): SkeinError =>
    new SkeinError('STALE_EPOCH', 'another start of this node holds its lease', { details: { nodeId } }),
};
