import type { Person } from './person.ts';
import type { Observer } from './observer.ts';

/**
 * Spreads people evenly over the nodes, so that every round begins as the first did: whoever a fault has moved to where
 * others are leaves and joins again. Answers whether anybody had to; they are excused until `endExcuses`.
 */
export async function spreadPeople(people: readonly Person[], observer: Observer): Promise<boolean> {
  const nodeIds = (await observer.readyNodes()).sort();
  const views = await Promise.all(people.map((person) => person.view()));
  const places = views.map(({ nodeId }) => nodeId);
  const moves = evenPlaces(places, nodeIds);
  const movers = [...moves.keys()].map((index) => people[index]!);
  const identities = movers.map(({ identity }) => identity);
  await Promise.all(people.map((person) => person.excuse(identities)));
  for (const [index, nodeId] of moves) {
    await people[index]!.rejoin(nodeId);
    // Its page has begun anew.
    await people[index]!.excuse(identities);
  }
  return movers.length > 0;
}

/** To be called when everybody has seen who came back: word of their leaving may come late. */
export async function endExcuses(people: readonly Person[]): Promise<void> {
  await Promise.all(people.map((person) => person.excuse([])));
}

/** Who has to go where, by their index, so that no node has more than one more than another; as few as possible go. */
export function evenPlaces(places: readonly string[], nodeIds: readonly string[]): Map<number, string> {
  const counts = new Map(
    nodeIds.map((nodeId) => [nodeId, places.filter((place) => place === nodeId).length]),
  );
  const moves = new Map<number, string>();
  const rank = (): string[] =>
    nodeIds.toSorted((one, other) => (counts.get(one) ?? 0) - (counts.get(other) ?? 0));
  for (const [index, place] of places.entries()) {
    const [emptiest] = rank();
    const least = counts.get(emptiest ?? '') ?? 0;
    const here = counts.get(place);
    if (emptiest === undefined || (here !== undefined && here - least <= 1)) continue;
    if (here !== undefined) counts.set(place, here - 1);
    counts.set(emptiest, least + 1);
    moves.set(index, emptiest);
  }
  return moves;
}
