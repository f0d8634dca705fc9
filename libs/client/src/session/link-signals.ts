import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import type { Signaling } from '../signaling/signaling.ts';
import type { LinkSignals } from '../media/engine.ts';

const CONNECT_ATTEMPTS = 5;

interface LinkSignalsDeps {
  readonly signaling: Signaling;
  /** Epoch of the session that the link belongs to. */
  readonly epoch: number;
  readonly clock: Clock;
  /** Aborted when the room closes. */
  readonly closing: AbortSignal;
  readonly stateChanged: LinkSignals['stateChanged'];
  /** Connecting failed for good; no caller waits for it. */
  readonly failed: (error: SkeinClientError) => void;
}

/** Sends a link's requests to its node over signaling. */
export function linkSignals({
  signaling,
  epoch,
  clock,
  closing,
  stateChanged,
  failed,
}: LinkSignalsDeps): LinkSignals {
  return {
    stateChanged,
    publish: async (publication, rtpParameters) => {
      await signaling.request('publish', { ...publication, epoch, rtpParameters });
    },
    // Retried, because without it no media ever flows in this direction.
    connectTransport: async (direction, dtlsParameters) => {
      for (let attempt = 1; ; attempt++) {
        try {
          await signaling.request('connectTransport', { epoch, direction, dtlsParameters });
          return;
        } catch (thrown) {
          const error = SkeinClientError.from(thrown);
          // The answer to the previous attempt was lost: it has connected the transport.
          if (attempt > 1 && error.code === 'TRANSPORT_STATE') return;
          // The session migrated before this transport was needed.
          if (error.code === 'STALE_EPOCH' || closing.aborted) return;
          if (attempt === CONNECT_ATTEMPTS || error.retryAfterMs === undefined) return failed(error);
          await clock.sleep(error.retryAfterMs, closing).catch(() => undefined);
        }
      }
    },
  };
}
