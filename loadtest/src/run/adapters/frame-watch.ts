/** What one page was shown of one other person. */
export interface WatchedVideo {
  frames: number;
  firstMs: number;
  lastMs: number;
  freezes: number;
  longestFreezeMs: number;
}

declare global {
  interface Window {
    skeinFrames?: Record<string, WatchedVideo>;
  }
}

/** Runs inside the page, so it may use nothing from outside itself. Counts frames of every tile that is or will be there. */
export function watchFrames(own: string): void {
  const FREEZE_MS = 500;
  const seen: Record<string, WatchedVideo> = {};
  window.skeinFrames = seen;
  const watched = new WeakSet<HTMLVideoElement>();
  const watch = (video: HTMLVideoElement, identity: string): void => {
    const shown = (nowMs: number): void => {
      const entry = (seen[identity] ??= {
        frames: 0,
        firstMs: nowMs,
        lastMs: nowMs,
        freezes: 0,
        longestFreezeMs: 0,
      });
      const gapMs = nowMs - entry.lastMs;
      if (gapMs > FREEZE_MS) entry.freezes++;
      if (gapMs > FREEZE_MS && gapMs > entry.longestFreezeMs) entry.longestFreezeMs = gapMs;
      entry.frames++;
      entry.lastMs = nowMs;
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  };
  const look = (): void => {
    for (const video of document.querySelectorAll('video')) {
      const identity = video.closest<HTMLElement>('[data-testid="tile"]')?.dataset['identity'];
      if (!identity || identity === own || watched.has(video)) continue;
      watched.add(video);
      watch(video, identity);
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  look();
}

export interface SeenFrames {
  readonly nowMs: number;
  readonly videos: Readonly<Record<string, WatchedVideo>>;
  /** Whose tile is there now, with a video. */
  readonly present: readonly string[];
}

/** Runs inside the page. */
export function readFrames(): SeenFrames {
  const tiles = [...document.querySelectorAll<HTMLElement>('[data-testid="tile"]')];
  const present = tiles
    .filter((tile) => tile.querySelector('video'))
    .map((tile) => tile.dataset['identity'] ?? '');
  return { nowMs: performance.now(), videos: window.skeinFrames ?? {}, present };
}
