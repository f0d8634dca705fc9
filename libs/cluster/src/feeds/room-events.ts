import type { Bus } from '@skein/bus';
import {
  limits,
  subjects,
  versionedChange,
  viewership,
  type VersionedChange,
  type Viewership,
} from '@skein/protocol';

/** Payload of `subjects.room`: what one write changed, in order. */
export interface RoomEvents {
  readonly changes: readonly VersionedChange[];
  readonly viewership?: Viewership | undefined;
}

/** Changes that fit one message whatever their size: a participant has about 26 KiB of JSON at most. */
const ALWAYS_FIT = 8;
/** Bytes of JSON for the changes of one message. */
const CHANGES_BYTES = limits.busMessageBytes / 2;

/**
 * Publishes the changes of a write to all feeds of a room. The writer calls it in the order of its writes. An announcement
 * after a data loss may be a whole room, which takes several messages.
 */
export function publishChanges(bus: Bus, room: string, changes: readonly VersionedChange[]): void {
  for (const part of inMessages(changes))
    bus.publish(subjects.room(room), { changes: part } satisfies RoomEvents);
}

function inMessages(changes: readonly VersionedChange[]): readonly (readonly VersionedChange[])[] {
  if (changes.length === 0) return [];
  if (changes.length <= ALWAYS_FIT) return [changes];
  const parts: VersionedChange[][] = [];
  let part: VersionedChange[] = [];
  let bytes = 0;
  for (const change of changes) {
    const size = Buffer.byteLength(JSON.stringify(change)) + 1;
    if (bytes + size > CHANGES_BYTES && part.length > 0) {
      parts.push(part);
      [part, bytes] = [[], 0];
    }
    part.push(change);
    bytes += size;
  }
  return [...parts, part];
}

export function publishViewership(bus: Bus, room: string, now: Viewership): void {
  bus.publish(subjects.room(room), { changes: [], viewership: now } satisfies RoomEvents);
}

/** Parses such a payload; `undefined` for anything else. */
export function readRoomEvents(data: unknown): RoomEvents | undefined {
  const { changes, viewership: views } = (data ?? {}) as Partial<RoomEvents>;
  if (!Array.isArray(changes)) return undefined;
  const read: VersionedChange[] = [];
  for (const change of changes) {
    const parsed = versionedChange.safeParse(change);
    if (!parsed.success) return undefined;
    read.push(parsed.data);
  }
  if (views === undefined) return { changes: read };
  const parsed = viewership.safeParse(views);
  return parsed.success ? { changes: read, viewership: parsed.data } : undefined;
}
