let lastUrl = '';

// Seen from outside of the SDK, which does not tell which gateway it chose.
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    lastUrl = this.url;
  }
};

/** Where the page's last WebSocket leads; empty before the first. */
export function lastSocketUrl(): string {
  return lastUrl;
}
