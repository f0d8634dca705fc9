import { type ClientResponse, limits, type RoomSnapshot, type VersionedChange } from '@skein/protocol';

/** A part of a room's state: the answer of `roomPage`. */
export type RoomPage = ClientResponse<'roomPage'>;

/** Entries of a room never change in place, and each is sent with every join: its size is computed once. */
const sizes = new WeakMap<object, number>();

function bytesOf(entry: object): number {
  const known = sizes.get(entry);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
  sizes.set(entry, bytes);
  return bytes;
}

/**
 * Splits a room's state into pages of at most `pageBytes` of JSON, participants before tracks; a larger entry gets a page
 * of its own. At least one page.
 */
export function pagesOf(
  { participants, tracks }: Pick<RoomSnapshot, 'participants' | 'tracks'>,
  pageBytes: number = limits.roomPageBytes,
): readonly RoomPage[] {
  const pages: RoomPage[] = [];
  let page: RoomPage = { participants: [], tracks: [] };
  let bytes = 0;
  const begin = (entry: object): void => {
    const size = bytesOf(entry);
    if (bytes > 0 && bytes + size > pageBytes) {
      pages.push(page);
      page = { participants: [], tracks: [] };
      bytes = 0;
    }
    bytes += size;
  };
  for (const participant of participants) {
    begin(participant);
    page.participants.push(participant);
  }
  for (const track of tracks) {
    begin(track);
    page.tracks.push(track);
  }
  return [...pages, page];
}

/** The first of `changes`, as many as fit one message. `more`: the client must `sync` again from the last one. */
export function boundChanges(
  changes: readonly VersionedChange[],
  limitBytes: number = limits.roomPageBytes,
): Extract<ClientResponse<'sync'>, { changes: unknown }> {
  let bytes = 0;
  for (const [index, change] of changes.entries()) {
    bytes += bytesOf(change);
    if (bytes > limitBytes && index > 0) return { changes: changes.slice(0, index), more: true };
  }
  return { changes: [...changes] };
}
