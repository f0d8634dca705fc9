import { isWellFormedText, SkeinError } from '@skein/protocol';

/** Names are free text; what could be taken for a part of the key is encoded. Two names never give one key. */
function encoded(name: string): string {
  if (!isWellFormedText(name)) throw SkeinError.invalidArgument('name', 'must be well-formed Unicode');
  return Array.from(new TextEncoder().encode(name), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }).join('');
}

const PARTS = ['meta', 'members', 'tracks', 'hosts', 'owned', 'log', 'viewers', 'viewed'];

export const keys = {
  /** In the order in which the room scripts take them. */
  room(room: string): readonly string[] {
    const base = `skein:{room:${encoded(room)}}`;
    return [...PARTS.map((part) => `${base}:${part}`), keys.rooms];
  },
  roomViewers: (room: string): string => `skein:{room:${encoded(room)}}:viewers`,
  roomMeta: (room: string): string => `skein:{room:${encoded(room)}}:meta`,
  /** The names of all rooms. */
  rooms: 'skein:{rooms}',
  /** Matches every room's `meta`. */
  anyRoomMeta: 'skein:{room:*}:meta',
  /** The name of the room whose `meta` this is; `undefined` for any other key. */
  roomOfMeta(key: string): string | undefined {
    const name = /^skein:\{room:([\w%-]+)\}:meta$/.exec(key)?.[1];
    try {
      return name === undefined ? undefined : decodeURIComponent(name);
    } catch {
      return undefined;
    }
  },
  reconciler: 'skein:reconciler',
  auditLog: '{skein:reconciler}:acts',
  /** All in one slot, in the order in which the node scripts take them. */
  registry: ['abouts', 'reports', 'leases', 'fences', 'changes', 'forget', 'meta'].map(
    (part) => `skein:{nodes}:${part}`,
  ),
  assigned: (nodeId: string, beat: number): string => `skein:node:${encoded(nodeId)}:assigned:${beat}`,
} as const;
