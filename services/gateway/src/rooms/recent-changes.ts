import type { VersionedChange } from '@skein/protocol';

/** A client that lacks more changes gets the whole state. */
export const KEPT_CHANGES = 256;
/** Older changes are dropped with the next one: a client that was away for longer gets the whole state. */
export const KEPT_FOR_MS = 60_000;

interface Kept {
  readonly versioned: VersionedChange;
  readonly atMs: number;
}

/** The last changes of one room, without gaps, up to its current version. Bounded by number and by age. */
export class RecentChanges {
  #kept: Kept[] = [];

  /** The next change of the room. */
  add(versioned: VersionedChange, nowMs: number): void {
    const last = this.#kept.at(-1);
    if (last && last.versioned.version + 1 !== versioned.version) this.clear();
    this.#kept.push({ versioned, atMs: nowMs });
    let stale = Math.max(0, this.#kept.length - KEPT_CHANGES);
    while ((this.#kept[stale]?.atMs ?? Infinity) < nowMs - KEPT_FOR_MS) stale++;
    if (stale > 0) this.#kept.splice(0, stale);
  }

  /**
   * Adds the changes before the first kept one, from the store's log; `current` is the room's version. Ignored when they
   * leave a gap, or would be more than is kept.
   */
  prepend(changes: readonly VersionedChange[], current: number, nowMs: number): void {
    const first = this.#kept[0]?.versioned.version ?? current + 1;
    const earlier = changes.filter(({ version }) => version < first);
    if (earlier.at(-1)?.version !== first - 1 || earlier.length + this.#kept.length > KEPT_CHANGES) return;
    this.#kept.unshift(...earlier.map((versioned) => ({ versioned, atMs: nowMs })));
  }

  /** The changes after `version` up to `current`; `undefined` when not all of them are kept. */
  since(version: number, current: number): readonly VersionedChange[] | undefined {
    if (version === current) return [];
    const first = this.#kept[0]?.versioned.version;
    const last = this.#kept.at(-1)?.versioned.version;
    if (first === undefined || last !== current || version < first - 1 || version > current) return undefined;
    return this.#kept.slice(version + 1 - first).map(({ versioned }) => versioned);
  }

  /** The state was replaced: earlier changes do not lead to it. */
  clear(): void {
    this.#kept = [];
  }
}
