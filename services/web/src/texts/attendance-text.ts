import type { Role } from '@skein/client';

/** Summary of who is in the call. `participants` and `viewers` include this client. */
export function attendanceText(role: Role, participants: number, viewers: number): string {
  if (role === 'participant' && participants <= 1)
    return viewers === 0 ? 'Only you' : `You and ${viewersText(viewers)}`;
  // This client is one of them, also before the number is known.
  const watching = role === 'viewer' ? Math.max(1, viewers) : viewers;
  if (participants === 0) return watching === 1 ? 'Only you' : viewersText(watching);
  const seen = participants === 1 ? '1 person' : `${participants} people`;
  return watching === 0 ? seen : `${seen}, ${viewersText(watching)}`;
}

function viewersText(viewers: number): string {
  return viewers === 1 ? '1 viewer' : `${viewers.toLocaleString('en')} viewers`;
}
