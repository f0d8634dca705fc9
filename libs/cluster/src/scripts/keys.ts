/** Redis keys. Names are free text, and braces in them would move a key to another slot of a Redis Cluster. */
function encoded(name: string): string {
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
    return PARTS.map((part) => `${base}:${part}`);
  },
  roomViewers: (room: string): string => `skein:{room:${encoded(room)}}:viewers`,
  roomMeta: (room: string): string => `skein:{room:${encoded(room)}}:meta`,
  /** Names and births, in the order in which the index scripts take them. */
  roomIndex: ['skein:{rooms}', 'skein:{rooms}:born'],
  reconciler: 'skein:reconciler',
  /** In the slot of the lease. */
  acts: '{skein:reconciler}:acts',
  /** All in one slot, in the order in which the node scripts take them. */
  registry: ['abouts', 'reports', 'leases', 'fences', 'changes', 'forget', 'meta'].map(
    (part) => `skein:{nodes}:${part}`,
  ),
  assigned: (nodeId: string, beat: number): string => `skein:node:${encoded(nodeId)}:assigned:${beat}`,
} as const;
