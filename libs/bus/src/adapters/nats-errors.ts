import { errors } from '@nats-io/transport-node';
import { SkeinError } from '@skein/protocol';

/** What the NATS client threw, as what a caller of the bus is promised. */
export function fromNatsError(thrown: unknown, subject: string, deadlineMs: number): SkeinError {
  if (thrown instanceof SkeinError) return thrown;
  if (thrown instanceof errors.TimeoutError) return SkeinError.deadline('the peer', deadlineMs, thrown);
  if (isConnectionLoss(thrown)) return SkeinError.unavailable('the bus', thrown);
  if (isTooLarge(thrown))
    return new SkeinError('MESSAGE_TOO_LARGE', 'the message is larger than NATS takes', {
      cause: thrown,
      details: { subject },
    });
  if (isNoResponders(thrown)) return SkeinError.unavailable('the peer', thrown);
  return new SkeinError('INTERNAL', 'the message could not be sent', { cause: thrown, details: { subject } });
}

/** The server's limit may have fallen since it was read; its other arguments are always right. */
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
