/** Where the page's last WebSocket leads; empty before the first. */
export declare function lastSocketUrl(): string;
//# sourceMappingURL=sockets.d.ts.map