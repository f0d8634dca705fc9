export type PacketBatch = readonly {
    readonly mediaTrackId: string;
    readonly atMs: number;
}[];
//# sourceMappingURL=packet-worker.d.ts.map