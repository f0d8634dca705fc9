import { relaysFor } from '@skein/cluster';

/** The sender of an origin's tracks to each node that receives them. */
export type Tree = ReadonlyMap<string, string>;

/** All nodes come to know of the room at once, as when its presenter starts after its viewers have come. */
export function treeOf(origin: string, nodes: Iterable<string>): Tree {
  const room = new Set(nodes).add(origin);
  const others = [...room].filter((node) => node !== origin);
  return new Map(others.map((node) => [node, relaysFor(node, origin, room)[0] ?? origin]));
}

/**
 * The nodes come one after another while the track is there already. Nobody's way is changed, and a node that gets it
 * through a relay refuses to be one: two relays are asked, then the origin.
 */
export function treeGrown(origin: string, nodes: Iterable<string>): Tree {
  const room = new Set([origin]);
  const tree = new Map<string, string>();
  for (const node of nodes) {
    if (node === origin) continue;
    room.add(node);
    const asked = relaysFor(node, origin, room).slice(0, 2);
    tree.set(node, asked.find((relay) => tree.get(relay) === origin) ?? origin);
  }
  return tree;
}

export interface TreeFigures {
  /** Hops of the longest way. */
  readonly depth: number;
  /** Copies of one track that the origin sends. */
  readonly copiesFromOrigin: number;
  /** Copies of one track that the busiest relay sends. */
  readonly copiesFromRelay: number;
  readonly relays: number;
}

export function treeFigures(origin: string, tree: Tree): TreeFigures {
  const sent = new Map<string, number>();
  for (const parent of tree.values()) sent.set(parent, (sent.get(parent) ?? 0) + 1);
  const depthOf = (node: string): number => (node === origin ? 0 : 1 + depthOf(tree.get(node) ?? origin));
  const relays = [...sent].filter(([node]) => node !== origin);
  return {
    depth: Math.max(0, ...[...tree.keys()].map(depthOf)),
    copiesFromOrigin: sent.get(origin) ?? 0,
    copiesFromRelay: Math.max(0, ...relays.map(([, copies]) => copies)),
    relays: relays.length,
  };
}

/** Which tracks cross which links, when each origin publishes `tracksEach`. */
export function linksOf(
  trees: ReadonlyMap<string, Tree>,
  tracksEach: number,
): { readonly links: number; readonly mostTracksPerLink: number; readonly mostCopiesPerLink: number } {
  const links = new Map<string, Map<string, number>>();
  for (const [origin, tree] of trees) {
    for (const [node, parent] of tree) {
      const link = [node, parent].toSorted().join('~');
      const tracks = links.get(link) ?? new Map<string, number>();
      for (let at = 0; at < tracksEach; at++) {
        const track = `${origin}/${at}`;
        tracks.set(track, (tracks.get(track) ?? 0) + 1);
      }
      links.set(link, tracks);
    }
  }
  const all = [...links.values()];
  return {
    links: links.size,
    mostTracksPerLink: Math.max(0, ...all.map((tracks) => tracks.size)),
    mostCopiesPerLink: Math.max(0, ...all.flatMap((tracks) => [...tracks.values()])),
  };
}
