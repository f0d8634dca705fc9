import { limits, SkeinError, type TransportDirection } from '@skein/protocol';

const VERBS = { send: 'send', recv: 'receive' } as const;

/** Errors of session requests. */
export const SessionError = {
  notFound: (sessionId: string): SkeinError =>
    new SkeinError('SESSION_NOT_FOUND', 'this node holds no such session; join again', {
      details: { sessionId },
    }),
  staleEpoch: (current: number, asked: number): SkeinError =>
    new SkeinError('STALE_EPOCH', 'the participant was placed again since; this session is void', {
      details: { current, asked },
    }),
  noTransport: (direction: TransportDirection): SkeinError =>
    new SkeinError(
      'TRANSPORT_STATE',
      `this session was opened without a transport that can ${VERBS[direction]}`,
      {
        details: { direction },
      },
    ),
  tooManyRequests: (): SkeinError =>
    new SkeinError(
      'TOO_MANY_REQUESTS',
      `at most ${limits.requestsInFlight} requests of a session may wait at once`,
      {
        details: { limit: limits.requestsInFlight },
        retryAfterMs: 100,
      },
    ),
  tooManyTracks: (): SkeinError =>
    new SkeinError(
      'LIMIT_EXCEEDED',
      `a participant may publish at most ${limits.tracksPerParticipant} tracks`,
      {
        details: { limit: limits.tracksPerParticipant },
      },
    ),
  trackNotFound: (trackId: string): SkeinError =>
    new SkeinError('TRACK_NOT_FOUND', 'there is no such track in the room', { details: { trackId } }),
  ownTrack: (trackId: string): SkeinError =>
    new SkeinError('OWN_TRACK', 'a participant does not subscribe to its own track', {
      details: { trackId },
    }),
  incompatible: (trackId: string, mimeType: string): SkeinError =>
    new SkeinError('INCOMPATIBLE_CODECS', `this client said that it cannot receive ${mimeType}`, {
      details: { trackId, mimeType },
    }),
  subscriptionNotFound: (subscriptionId: string): SkeinError =>
    new SkeinError('SUBSCRIPTION_NOT_FOUND', 'this session has no such subscription', {
      details: { subscriptionId },
    }),
  nodeLeaving: (): SkeinError =>
    new SkeinError('UNAVAILABLE', 'this node takes no more sessions; join again', { retryAfterMs: 100 }),
} as const;
