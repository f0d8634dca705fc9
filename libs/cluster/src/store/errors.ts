import { SkeinError } from '@skein/protocol';

/** What a script refuses, as the error that the caller is promised. */
export const refusals = {
  ROOM_FULL: (limit: number) =>
    new SkeinError('ROOM_FULL', `the room has its ${limit} participants; try again later`, {
      details: { limit },
    }),
  NO_NODE_AVAILABLE: () =>
    new SkeinError('NO_NODE_AVAILABLE', 'no media node can take a session right now; try again', {
      retryAfterMs: 1000,
    }),
  SUPERSEDED: () =>
    new SkeinError(
      'SUPERSEDED',
      'another client has taken this identity since; leave it to that one, or join anew',
    ),
  STALE_EPOCH: () => new SkeinError('STALE_EPOCH', 'this session is not the current one any more'),
  SESSION_NOT_FOUND: () => new SkeinError('SESSION_NOT_FOUND', 'the participant is not in the room'),
  TRACK_NOT_FOUND: (trackId: string) =>
    new SkeinError('TRACK_NOT_FOUND', 'the participant has no such track', { details: { trackId } }),
  LIMIT_EXCEEDED: (limit: number) =>
    new SkeinError('LIMIT_EXCEEDED', `a participant publishes at most ${limit} tracks`, {
      details: { limit },
    }),
  TRACK_TAKEN: () => SkeinError.invalidArgument('trackId', 'belongs to another participant'),
  NOT_LEADING: () => new SkeinError('STALE_EPOCH', 'another one leads now, or nobody'),
  NODE_REPLACED: (nodeId: string) =>
    new SkeinError('STALE_EPOCH', 'another start of this node holds its lease', { details: { nodeId } }),
};
