import { SkeinError } from '@skein/protocol';

/** Errors of pipes between two nodes of a room. */
export const PipeError = {
  /** This node has no such end any more; the caller opens the pipe again. */
  gone: (): SkeinError =>
    new SkeinError('PIPE_FAILED', 'this pipe is gone; open it again', { retryAfterMs: 100 }),
  /** The room, or the router, is not carried here any more. */
  routerGone: (routerId: string): SkeinError =>
    new SkeinError('PIPE_FAILED', 'this node does not carry that router any more', { details: { routerId } }),
  endsDiffer: (nodeId: string): SkeinError =>
    new SkeinError('PIPE_FAILED', 'the other node has made a new end meanwhile', {
      details: { nodeId },
      retryAfterMs: 100,
    }),
  trackNotHere: (trackId: string): SkeinError =>
    new SkeinError('TRACK_NOT_FOUND', 'this node does not hold that track', { details: { trackId } }),
  /** The requested relay cannot reach the origin either. */
  cannotRelay: (nodeId: string, cause?: unknown): SkeinError =>
    new SkeinError('UNAVAILABLE', 'this node cannot reach the origin either', {
      details: { nodeId },
      retryAfterMs: 1000,
      cause,
    }),
  /** After a broken call, the track returned with other parameters. */
  cameBackDifferent: (): SkeinError =>
    new SkeinError('UNAVAILABLE', 'the track came back different', { retryAfterMs: 100 }),
  /** The track did not reach the subscriber's router in time. */
  notInTime: (trackId: string, waitedMs: number): SkeinError =>
    new SkeinError('PIPE_FAILED', 'the track could not be fetched from its node in time; try again', {
      details: { trackId, waitedMs },
      retryAfterMs: 1000,
    }),
  /** The track was published from another node while a subscriber waited for it. */
  superseded: (trackId: string): SkeinError =>
    new SkeinError('PIPE_FAILED', 'the track is published from elsewhere since; try again', {
      details: { trackId },
      retryAfterMs: 100,
    }),
} as const;
