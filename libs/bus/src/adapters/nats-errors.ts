import { errors } from '@nats-io/transport-node';
import { SkeinError } from '@skein/protocol';
import { BusError } from '../errors.ts';

/** Maps what the NATS client throws to the errors that `Bus` promises. */
export function fromNatsError(thrown: unknown, subject: string, deadlineMs: number): SkeinError {
  if (thrown instanceof SkeinError) return thrown;
  if (thrown instanceof errors.TimeoutError) return BusError.noAnswer(deadlineMs, thrown);
  if (isConnectionLoss(thrown)) return BusError.unavailable(thrown);
  if (isTooLarge(thrown)) return BusError.tooLargeForServer(subject, thrown);
  if (isNoResponders(thrown)) return BusError.noPeer(thrown);
  return BusError.notSent(subject, thrown);
}

/** The server's limit may have fallen since it was read. No other argument can be invalid. */
function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof errors.InvalidArgumentError && thrown.message.includes('max_payload');
}

function isNoResponders(thrown: unknown): boolean {
  if (thrown instanceof errors.NoRespondersError) return true;
  return thrown instanceof errors.RequestError && (thrown.isNoResponders() || isConnectionLoss(thrown.cause));
}

function isConnectionLoss(thrown: unknown): boolean {
  return (
    thrown instanceof errors.ClosedConnectionError ||
    thrown instanceof errors.DrainingConnectionError ||
    thrown instanceof errors.ConnectionError
  );
}
