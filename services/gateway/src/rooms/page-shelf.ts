import type { ClientResponse, RoomSnapshot } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { boundChanges, pagesOf, type RoomPage } from './pages.ts';

/** How long pages are held after the last request for one. The entries are the room's own: a page costs its lists. */
export const HELD_FOR_MS = 30_000;

/** Holds the pages of the last snapshot that was too large for one message, until its reader has had them. */
export class PageShelf {
  readonly #clock: Clock;
  #held:
    | { readonly version: number; readonly pages: readonly RoomPage[]; readonly expiry: Disposable }
    | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The part of a snapshot that fits one message. If that is not all, the rest is held for `page`. */
  firstPageOf(snapshot: RoomSnapshot): RoomSnapshot {
    const pages = pagesOf(snapshot);
    const [first] = pages;
    if (!first || pages.length === 1) return snapshot;
    this.#hold(snapshot.version, pages);
    return { ...snapshot, ...first, pages: pages.length };
  }

  /** The same for an answer that may be a list of changes. */
  bound(state: ClientResponse<'sync'>): ClientResponse<'sync'> {
    return 'snapshot' in state ? { snapshot: this.firstPageOf(state.snapshot) } : boundChanges(state.changes);
  }

  /** `undefined` when it is not held, or not any more. */
  page(version: number, page: number): RoomPage | undefined {
    const held = this.#held;
    if (held?.version !== version) return undefined;
    this.#hold(version, held.pages);
    return held.pages[page];
  }

  close(): void {
    this.#held?.expiry[Symbol.dispose]();
    this.#held = undefined;
  }

  #hold(version: number, pages: readonly RoomPage[]): void {
    this.close();
    this.#held = { version, pages, expiry: this.#clock.after(HELD_FOR_MS, () => this.close()) };
  }
}
