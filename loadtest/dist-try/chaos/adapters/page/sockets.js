let last;
// Seen from outside of the SDK, which does not tell which gateway it chose.
window.WebSocket = class extends WebSocket {
    constructor(url, protocols) {
        super(url, protocols);
        last = this;
    }
};
/** Where the page's last WebSocket leads; empty before the first. */
export function lastSocketUrl() {
    return last?.url ?? '';
}
//# sourceMappingURL=sockets.js.map