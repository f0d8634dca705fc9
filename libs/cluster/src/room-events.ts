import type { Bus } from '@skein/bus';
import {
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

/** Tells all feeds of a room what a write changed. To be called by whoever wrote, in the order of the writes. */
export function publishChanges(bus: Bus, room: string, changes: readonly VersionedChange[]): void {
  if (changes.length === 0) return;
  bus.publish(subjects.room(room), { changes } satisfies RoomEvents);
}

export function publishViewership(bus: Bus, room: string, now: Viewership): void {
  bus.publish(subjects.room(room), { changes: [], viewership: now } satisfies RoomEvents);
}

/** What such a payload holds; `undefined` when it is something else. */
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
