import { closeCodes } from '@skein/protocol';
import type { CloseReason } from '../room-events.ts';

/** What a closed socket means to the room. The gateway's own codes are goodbyes; any other is a broken line. */
export function closeReasonOf(code: number): CloseReason {
  const saidGoodbye: readonly number[] = Object.values(closeCodes);
  return saidGoodbye.includes(code) ? 'gateway-closed' : 'connection-lost';
}
