import type { Role } from '@skein/client';

/** Who is in the call, in few words. `people`: participants, this person too if it is one. `viewers`: likewise. */
export function peopleText(role: Role, people: number, viewers: number): string {
  if (role === 'participant' && people <= 1)
    return viewers === 0 ? 'Only you' : `You and ${viewersText(viewers)}`;
  // Whoever watches is one of them, also before the number has come.
  const watching = role === 'viewer' ? Math.max(1, viewers) : viewers;
  if (people === 0) return watching === 1 ? 'Only you' : viewersText(watching);
  const seen = people === 1 ? '1 person' : `${people} people`;
  return watching === 0 ? seen : `${seen}, ${viewersText(watching)}`;
}

function viewersText(viewers: number): string {
  return viewers === 1 ? '1 viewer' : `${viewers.toLocaleString('en')} viewers`;
}
