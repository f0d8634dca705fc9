import type { ClientRequestInput } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../client-error.ts';
import type { SignalingConnection } from '../signaling/connection.ts';
import type { LinkSignals } from './engine.ts';

const CONNECT_ATTEMPTS = 3;

interface Ports {
  readonly connection: SignalingConnection;
  readonly clock: Clock;
  /** Ends waiting between attempts when the room closes. */
  readonly closing: AbortSignal;
  readonly stateChanged: LinkSignals['stateChanged'];
  /** Nobody waits for a link to be connected; that it failed for good is told here. */
  readonly failed: (error: SkeinClientError) => void;
}

/** A link's questions to its node, carried by signaling. */
export function linkSignals({ connection, clock, closing, stateChanged, failed }: Ports): LinkSignals {
  return {
    stateChanged,
    publish: async (publication, rtpParameters) => {
      await connection.request('publish', { ...publication, rtpParameters });
    },
    // Without this answer no media ever flows in its direction, so that a busy moment must not lose it.
    connectTransport: async (direction, dtlsParameters) => {
      const request: ClientRequestInput<'connectTransport'> = { direction, dtlsParameters };
      for (let attempt = 1; ; attempt++) {
        try {
          await connection.request('connectTransport', request);
          return;
        } catch (thrown) {
          const error = SkeinClientError.from(thrown);
          // An answer that got lost: the attempt before has connected it.
          if (attempt > 1 && error.code === 'TRANSPORT_STATE') return;
          if (attempt === CONNECT_ATTEMPTS || error.retryAfterMs === undefined || connection.closed)
            return failed(error);
          await clock.sleep(error.retryAfterMs, closing).catch(() => undefined);
        }
      }
    },
  };
}
