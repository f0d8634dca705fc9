/**
 * When things happened in one page, in milliseconds of its own clock. Seen from outside the app: the WebSocket's messages
 * and the first frame that each video element shows.
 */
export interface PageTimeline {
  /** The signaling socket was asked for. */
  connectMs?: number;
  /** It was open. */
  openMs?: number;
  /** The join was answered. */
  joinedMs?: number;
  /** Identities that were in the room by then, and had a video. */
  presentAtJoin: string[];
  /** When the page was told of a video that was published later, by identity. */
  publishedMs: Record<string, number>;
  /** First frame shown of another's video, by identity. */
  firstFrameMs: Record<string, number>;
}

interface TrackMessage {
  readonly identity: string;
  readonly kind: string;
}

interface Message {
  readonly event?: string;
  readonly data?: {
    readonly type?: string;
    readonly track?: TrackMessage;
    readonly identity?: string;
    readonly room?: { readonly tracks: readonly TrackMessage[] };
  };
}

declare global {
  interface Window {
    skeinTimeline?: PageTimeline;
  }
}

/** Runs inside the page before its own scripts, so it may use nothing from outside itself. */
export function recordTimeline(): void {
  const timeline: PageTimeline = { presentAtJoin: [], publishedMs: {}, firstFrameMs: {} };
  window.skeinTimeline = timeline;

  const onMessage = (text: string): void => {
    const { event, data } = JSON.parse(text) as Message;
    if (data?.room && timeline.joinedMs === undefined) {
      timeline.joinedMs = performance.now();
      timeline.presentAtJoin = data.room.tracks
        .filter(({ kind }) => kind === 'video')
        .map(({ identity }) => identity);
    }
    if (event === 'roomChanged' && data?.type === 'trackPublished' && data.track?.kind === 'video') {
      timeline.publishedMs[data.track.identity] ??= performance.now();
    }
  };
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url: string | URL, protocols?: string | string[]) {
      timeline.connectMs ??= performance.now();
      super(url, protocols);
      this.addEventListener('open', () => (timeline.openMs ??= performance.now()));
      this.addEventListener('message', ({ data }) => onMessage(String(data)));
    }
  };

  const watched = new WeakSet<HTMLVideoElement>();
  const watch = (): void => {
    for (const video of document.querySelectorAll('video')) {
      const identity = video.closest<HTMLElement>('[data-testid="tile"]')?.dataset['identity'];
      if (!identity || watched.has(video)) continue;
      watched.add(video);
      video.requestVideoFrameCallback((nowMs) => (timeline.firstFrameMs[identity] ??= nowMs));
    }
  };
  new MutationObserver(watch).observe(document, { childList: true, subtree: true });
}
