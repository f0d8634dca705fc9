import type { Bus } from '@skein/bus';
import { subjects, versionedChange, type VersionedChange } from '@skein/protocol';

/** Payload of `subjects.room`: what one write changed, in order. */
export interface RoomEvents {
  readonly changes: readonly VersionedChange[];
}

/** Tells all feeds of a room what a write changed. To be called by whoever wrote, in the order of the writes. */
export function publishChanges(bus: Bus, room: string, changes: readonly VersionedChange[]): void {
  if (changes.length === 0) return;
  bus.publish(subjects.room(room), { changes } satisfies RoomEvents);
}

/** The changes of such a payload; `undefined` when it is something else. */
export function readRoomEvents(data: unknown): readonly VersionedChange[] | undefined {
  const changes = (data as Partial<RoomEvents> | null)?.changes;
  if (!Array.isArray(changes)) return undefined;
  const read: VersionedChange[] = [];
  for (const change of changes) {
    const parsed = versionedChange.safeParse(change);
    if (!parsed.success) return undefined;
    read.push(parsed.data);
  }
  return read;
}
