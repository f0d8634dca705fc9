import type { Client } from '../clients/client.ts';
import type { Observer } from '../observing/observer.ts';

/** Nodes that carry clients in every round, so that pipes join them and every fault has something to break. */
const BUSY_NODES = 2;

/**
 * Before the first round, spreads people evenly over the nodes. From then on everybody stays, with what the faults have
 * worn: only where all sit on one node does one person, always the last, leave it and join on another one. Answers whether
 * anybody had to; they are excused until `endExpectedAbsences`.
 */
export async function spreadClients(
  clients: readonly Client[],
  { observer, round }: { readonly observer: Observer; readonly round: number },
): Promise<boolean> {
  const nodeIds = (await observer.readyNodes()).sort();
  const views = await Promise.all(clients.map((client) => client.view()));
  const places = views.map(({ nodeId }) => nodeId);
  const moves = round === 1 ? evenPlaces(places, nodeIds) : fewestMoves(places, nodeIds);
  const movers = [...moves.keys()].map((index) => clients[index]!);
  const identities = movers.map(({ identity }) => identity);
  await Promise.all(clients.map((client) => client.expectAbsence(identities)));
  for (const [index, nodeId] of moves) {
    await clients[index]!.rejoin(nodeId);
    // Its page was reloaded.
    await clients[index]!.expectAbsence(identities);
  }
  return movers.length > 0;
}

/** The last one goes to another node where all are on one; otherwise nobody goes. */
export function fewestMoves(places: readonly string[], nodeIds: readonly string[]): Map<number, string> {
  const busy = new Set(places);
  const other = nodeIds.find((nodeId) => !busy.has(nodeId));
  if (busy.size >= BUSY_NODES || other === undefined || places.length < BUSY_NODES) return new Map();
  return new Map([[places.length - 1, other]]);
}

/** To be called when everybody has seen who came back: word of their leaving may come late. */
export async function endExpectedAbsences(clients: readonly Client[]): Promise<void> {
  await Promise.all(clients.map((client) => client.expectAbsence([])));
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
