var __addDisposableResource = (this && this.__addDisposableResource) || function (env, value, async) {
    if (value !== null && value !== void 0) {
        if (typeof value !== "object" && typeof value !== "function") throw new TypeError("Object expected.");
        var dispose, inner;
        if (async) {
            if (!Symbol.asyncDispose) throw new TypeError("Symbol.asyncDispose is not defined.");
            dispose = value[Symbol.asyncDispose];
        }
        if (dispose === void 0) {
            if (!Symbol.dispose) throw new TypeError("Symbol.dispose is not defined.");
            dispose = value[Symbol.dispose];
            if (async) inner = dispose;
        }
        if (typeof dispose !== "function") throw new TypeError("Object not disposable.");
        if (inner) dispose = function() { try { inner.call(this); } catch (e) { return Promise.reject(e); } };
        env.stack.push({ value: value, dispose: dispose, async: async });
    }
    else if (async) {
        env.stack.push({ async: true });
    }
    return value;
};
var __disposeResources = (this && this.__disposeResources) || (function (SuppressedError) {
    return function (env) {
        function fail(e) {
            env.error = env.hasError ? new SuppressedError(e, env.error, "An error was suppressed during disposal.") : e;
            env.hasError = true;
        }
        var r, s = 0;
        function next() {
            while (r = env.stack.pop()) {
                try {
                    if (!r.async && s === 1) return s = 0, env.stack.push(r), Promise.resolve().then(next);
                    if (r.dispose) {
                        var result = r.dispose.call(r.value);
                        if (r.async) return s |= 2, Promise.resolve(result).then(next, function(e) { fail(e); return next(); });
                    }
                    else s |= 1;
                }
                catch (e) {
                    fail(e);
                }
            }
            if (s === 1) return env.hasError ? Promise.reject(env.error) : Promise.resolve();
            if (env.hasError) throw env.error;
        }
        return next();
    };
})(typeof SuppressedError === "function" ? SuppressedError : function (error, suppressed, message) {
    var e = new Error(message);
    return e.name = "SuppressedError", e.error = error, e.suppressed = suppressed, e;
});
import { startCluster } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { SignalClient } from '@skein/testkit';
import { percentiles, summarize } from './report.js';
const PEOPLE = 200;
const WITHIN_MS = 5_000;
const MEDIA_NODES = 3;
/** No node gets more than this many times its fair share. */
const MOST_OF_SHARE = 1.3;
const BURSTS = [
    { what: 'one room', roomOf: () => 'burst' },
    { what: '100 rooms', roomOf: (index) => `burst-${index % 100}` },
];
/** Many joins at once without media: how long each takes, and how evenly the nodes get them. */
export async function runJoinBurst(options) {
    const { seed, say, rounds: repetitions = 1, people = PEOPLE } = options;
    const rounds = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
        for (const burst of BURSTS) {
            const env_1 = { stack: [], error: void 0, hasError: false };
            try {
                const cluster = __addDisposableResource(env_1, await startCluster({ mediaNodes: MEDIA_NODES }), true);
                rounds.push(await runBurst(cluster, burst, people, say));
            }
            catch (e_1) {
                env_1.error = e_1;
                env_1.hasError = true;
            }
            finally {
                const result_1 = __disposeResources(env_1);
                if (result_1)
                    await result_1;
            }
        }
    }
    return summarize({ scenario: 'join-burst', seed, bounds: {}, rounds, violations: [] });
}
async function runBurst(cluster, { what, roomOf }, people, say) {
    say(`${people} joins of ${what} within ${WITHIN_MS / 1000} s`);
    const clients = [];
    const joins = Array.from({ length: people }, async (_, index) => {
        await systemClock.sleep((index * WITHIN_MS) / people);
        const { signalUrl = '' } = cluster.gateways[index % cluster.gateways.length] ?? {};
        const client = await SignalClient.open(signalUrl);
        clients.push(client);
        const fromMs = systemClock.monotonicMs();
        const { nodeId } = await client.join(roomOf(index), `guest-${index}`);
        return { nodeId, tookMs: systemClock.monotonicMs() - fromMs };
    });
    const outcomes = await Promise.allSettled(joins);
    const joined = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.flatMap((outcome) => outcome.status === 'rejected' ? [SkeinError.from(outcome.reason).code] : []);
    const spread = spreadOver(joined.map(({ nodeId }) => nodeId));
    say(`${what}: ${JSON.stringify(spread.counts)}; join ms ${JSON.stringify(percentiles(joined.map(({ tookMs }) => tookMs)))}`);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    return {
        recoverMs: joined.map(({ tookMs }) => tookMs),
        longestGapMs: [],
        undisturbedGapMs: [],
        failed: [
            ...(refused.length > 0
                ? [`${what}: ${refused.length} joins failed: ${[...new Set(refused)].join(', ')}`]
                : []),
            ...(spread.mostOfShare > MOST_OF_SHARE
                ? [
                    `${what}: a node got ${spread.mostOfShare.toFixed(2)} times its share: ${JSON.stringify(spread.counts)}`,
                ]
                : []),
        ],
    };
}
/** How many went to each node, and the most that one got in relation to its fair share. */
export function spreadOver(nodeIds, nodes = MEDIA_NODES) {
    const counts = {};
    for (const nodeId of nodeIds)
        counts[nodeId] = (counts[nodeId] ?? 0) + 1;
    const most = Math.max(0, ...Object.values(counts));
    return { counts, mostOfShare: nodeIds.length === 0 ? 0 : most / (nodeIds.length / nodes) };
}
//# sourceMappingURL=join-burst.js.map