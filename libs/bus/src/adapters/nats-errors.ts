import { errors } from '@nats-io/transport-node';
import { SkeinError } from '@skein/protocol';

/** What the NATS client threw, as what a caller of the bus is promised. */
export function fromNatsError(thrown: unknown, subject: string, deadlineMs: number): SkeinError {
  if (thrown instanceof SkeinError) return thrown;
  if (thrown instanceof errors.TimeoutError) return SkeinError.deadline('the peer', deadlineMs, thrown);
  if (isConnectionLoss(thrown)) return SkeinError.unavailable('the bus', thrown);
  if (isNoResponders(thrown)) return SkeinError.unavailable('the peer', thrown);
  return new SkeinError('INTERNAL', 'the message could not be sent', { cause: thrown, details: { subject } });
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
