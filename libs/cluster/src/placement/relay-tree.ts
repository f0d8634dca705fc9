/** Maximum direct fan-out: further nodes get a track through relays among the room's nodes. */
export const DEFAULT_FAN_OUT = 8;

/**
 * The relays through which `nodeId` pulls the tracks of `originNodeId` in a room, the best first; none: directly from the
 * origin. Pure, and equal on all nodes with the same view of the room, so that no coordination is needed. A tree of two
 * levels: some nodes pull from the origin, and each feeds up to `fanOut` others, or the square root of their number if that
 * is more; 72 nodes cost the origin 8 copies of a track, 1000 nodes 31. A node that joins or leaves changes the routes of few
 * others (rendezvous hashing: D. Thaler, C. Ravishankar, 1998).
 */
export function relaysFor(
  nodeId: string,
  originNodeId: string,
  roomNodes: ReadonlySet<string>,
  fanOut = DEFAULT_FAN_OUT,
): readonly string[] {
  const others = new Set(roomNodes).add(nodeId);
  others.delete(originNodeId);
  if (others.size <= fanOut || nodeId === originNodeId) return [];
  const width = Math.max(fanOut, Math.ceil(Math.sqrt(others.size)));
  const ranked = ranking(originNodeId, [...others]);
  const relays = ranked.slice(0, Math.ceil(ranked.length / (width + 1)));
  if (relays.includes(nodeId)) return [];
  const fed = new Map(relays.map((relay) => [relay, 0]));
  for (const node of ranked.slice(relays.length)) {
    const preferred = ranking(node, relays);
    const relay = preferred.find((one) => (fed.get(one) ?? 0) < width) ?? preferred[0];
    if (relay === undefined) break;
    if (node === nodeId) return [relay, ...preferred.filter((one) => one !== relay)];
    fed.set(relay, (fed.get(relay) ?? 0) + 1);
  }
  return relays;
}

/** `names` in an order that depends on each of them and `of` only. */
function ranking(of: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, weight: hash(`${of}\n${name}`) }))
    .toSorted((one, other) => other.weight - one.weight || (one.name < other.name ? -1 : 1))
    .map(({ name }) => name);
}

/** FNV-1a of 32 bits (G. Fowler, L. C. Noll, K.-P. Vo), its bits mixed once more, as names that end alike would rank alike. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
