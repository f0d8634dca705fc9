import { connectStore } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import { createRpcClients, nodeService } from '@skein/rpc';
import { systemClock } from '@skein/runtime';
import { checkInvariants } from './invariants.js';
// Each look costs some milliseconds of both cores; twice a second leaves the call alone.
const INTERVAL_MS = 500;
const ANSWER_DEADLINE_MS = 400;
/** Looks at the store, at every node and at every client, all the time, and judges what it sees. */
export class Observer {
    last;
    #watched;
    #store;
    #rpc = createRpcClients();
    #ending = new AbortController();
    #watching;
    #onViolation;
    #history = new Map();
    constructor(watched, store, onViolation) {
        this.#watched = watched;
        this.#store = store;
        this.#onViolation = onViolation;
        this.#watching = this.#watch();
    }
    static async start(watched, onViolation) {
        const { redisUrl: url } = watched.cluster;
        const store = await connectStore({ url, clock: systemClock, commandTimeoutMs: ANSWER_DEADLINE_MS });
        return new Observer(watched, store, onViolation);
    }
    /** The room as the store has it; fails when that does not answer. */
    snapshot() {
        return this.#store.rooms.snapshot(this.#watched.room);
    }
    /** Ids of nodes that hold a lease and take sessions. */
    async readyNodes() {
        const nodes = await this.#store.nodes.list();
        return nodes.filter(({ record }) => record.state === 'ready').map(({ record }) => record.nodeId);
    }
    async observe() {
        const { cluster, people } = this.#watched;
        const running = cluster.mediaNodes.filter(({ status }) => status.status === 'ready');
        const present = people();
        const [room, nodes, views] = await Promise.all([
            this.snapshot().then((snapshot) => snapshot ?? 'gone', () => 'unknown'),
            Promise.all(running.map(async (node) => [node.nodeId, await this.#ask(node)])),
            Promise.all(present.map((person) => person.view().catch(() => undefined))),
        ]);
        return {
            atMs: systemClock.now(),
            expected: present.map(({ identity }) => identity),
            room,
            nodes: new Map(nodes),
            people: views.filter((view) => view !== undefined),
        };
    }
    async [Symbol.asyncDispose]() {
        this.#ending.abort(new Error('the bench ends'));
        await this.#watching;
        this.#rpc.close();
        await this.#store.close();
    }
    async #watch() {
        const { signal } = this.#ending;
        while (!signal.aborted) {
            this.last = await this.observe();
            const { violations, history } = checkInvariants(this.last, this.#history);
            this.#history = history;
            violations.forEach(this.#onViolation);
            await systemClock.sleep(INTERVAL_MS, signal).catch(() => undefined);
        }
    }
    async #ask({ grpcAddress }) {
        const { room } = this.#watched;
        try {
            const options = { deadlineMs: ANSWER_DEADLINE_MS };
            return mediaOf(await this.#rpc.client(nodeService, grpcAddress).getRoomMedia({ room }, options));
        }
        catch (error) {
            // It carries nothing of this room.
            if (SkeinError.from(error).code === 'ROOM_NOT_FOUND')
                return { sessions: [], pipes: [] };
            return 'silent';
        }
    }
}
function mediaOf({ sessions, pipes }) {
    return {
        sessions: sessions.map(({ sessionId, identity, epoch, trackIds, subscriptions }) => ({
            ...{ sessionId, identity, epoch: Number(epoch), tracks: trackIds },
            subscriptions: subscriptions.map(({ trackId }) => trackId),
        })),
        pipes: pipes.map(({ localRouterId, peerNodeId, peerRouterId, tracksIn, tracksOut }) => ({
            ...{ id: `${localRouterId} to ${peerRouterId} on ${peerNodeId}`, tracksIn, tracksOut },
        })),
    };
}
//# sourceMappingURL=observer.js.map