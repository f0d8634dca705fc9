const BATCH_INTERVAL_MS = 50;
let batch = [];
self.addEventListener('rtctransform', (event) => {
    const { readable, writable, options } = event.transformer;
    const watch = new TransformStream({
        transform: (packet, controller) => {
            batch.push({ mediaTrackId: options.mediaTrackId, atMs: Date.now() });
            controller.enqueue(packet);
        },
    });
    readable
        .pipeThrough(watch)
        .pipeTo(writable)
        .catch(() => undefined);
});
setInterval(() => {
    if (batch.length === 0)
        return;
    self.postMessage(batch);
    batch = [];
}, BATCH_INTERVAL_MS);
export {};
//# sourceMappingURL=packet-worker.js.map