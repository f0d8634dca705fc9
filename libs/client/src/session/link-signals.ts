import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import type { Signaling } from '../signaling/signaling.ts';
import type { LinkSignals } from '../media/engine.ts';

const CONNECT_ATTEMPTS = 5;

interface Ports {
  readonly signaling: Signaling;
  /** Of the session that the link belongs to. */
  readonly epoch: number;
  readonly clock: Clock;
  /** Ends waiting between attempts when the room closes. */
  readonly closing: AbortSignal;
  readonly stateChanged: LinkSignals['stateChanged'];
  /** Nobody waits for a link to be connected; that it failed for good is told here. */
  readonly failed: (error: SkeinClientError) => void;
}

/** A link's questions to its node, carried by signaling. */
export function linkSignals({ signaling, epoch, clock, closing, stateChanged, failed }: Ports): LinkSignals {
  return {
    stateChanged,
    publish: async (publication, rtpParameters) => {
      await signaling.request('publish', { ...publication, epoch, rtpParameters });
    },
    // Without this answer no media ever flows in its direction, so that a busy moment must not lose it.
    connectTransport: async (direction, dtlsParameters) => {
      for (let attempt = 1; ; attempt++) {
        try {
          await signaling.request('connectTransport', { epoch, direction, dtlsParameters });
          return;
        } catch (thrown) {
          const error = SkeinClientError.from(thrown);
          // An answer that got lost: the attempt before has connected it.
          if (attempt > 1 && error.code === 'TRANSPORT_STATE') return;
          // The session moved on before its transport was needed.
          if (error.code === 'STALE_EPOCH' || closing.aborted) return;
          if (attempt === CONNECT_ATTEMPTS || error.retryAfterMs === undefined) return failed(error);
          await clock.sleep(error.retryAfterMs, closing).catch(() => undefined);
        }
      }
    },
  };
}
