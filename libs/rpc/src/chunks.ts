/** The size of one message of a chunked answer, bytes of JSON; Protocol Buffers take fewer. */
export const PART_BYTES = 256 * 1024;
/** Lists inside one entry, such as a pipe's tracks, are cut after this many items. */
export const ITEMS_PER_PIECE = 1000;

/** A unit that one part holds whole. */
export interface Piece<Part> {
  readonly bytes: number;
  /** It continues the piece before it, which another part may hold. */
  readonly continues: boolean;
  addTo(part: Part): void;
}

/**
 * Packs pieces into parts of at most `PART_BYTES`; one that is larger has a part of its own. At least one part.
 * `newPart(continues)`: whether its first piece continues the last one of the part before.
 */
export function* packed<Part>(
  pieces: Iterable<Piece<Part>>,
  newPart: (continues: boolean) => Part,
): Generator<Part> {
  let part: Part | undefined;
  let bytes = 0;
  for (const piece of pieces) {
    if (part !== undefined && bytes + piece.bytes > PART_BYTES) {
      yield part;
      part = undefined;
      bytes = 0;
    }
    part ??= newPart(piece.continues);
    piece.addTo(part);
    bytes += piece.bytes;
  }
  yield part ?? newPart(false);
}

export function jsonBytes(item: unknown): number {
  return Buffer.byteLength(JSON.stringify(item)) + 1;
}

/** `items` in lists of at most `ITEMS_PER_PIECE`. At least one list, which may be empty. */
export function inSlices<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.max(1, Math.ceil(items.length / ITEMS_PER_PIECE));
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * ITEMS_PER_PIECE, (index + 1) * ITEMS_PER_PIECE),
  );
}

/** Pieces for entries that are never cut. */
export function wholePieces<Part, Item>(
  items: readonly Item[],
  listOf: (part: Part) => Item[],
): readonly Piece<Part>[] {
  return items.map((item) => ({
    bytes: jsonBytes(item),
    continues: false,
    addTo: (part) => void listOf(part).push(item),
  }));
}
