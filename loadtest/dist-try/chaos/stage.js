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
import { describeExit, } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { eventually, SignalClient } from '@skein/testkit';
import { VISITOR } from './person-report.js';
const VISIT_DEADLINE_MS = 30_000;
const LEAVE_DEADLINE_MS = 15_000;
// A gateway may have to wait for its first call to a store that hangs; from then on it knows.
const FIRST_REFUSAL_MS = 2_500;
const REFUSAL_MS = 500;
/** What a scenario acts through in one round: who is there, the faults' clock, and questions to the cluster. */
export class Stage {
    cluster;
    random;
    /** Where a `service` recovery is written to by `backAgain`. */
    recoveries = [];
    failed = [];
    /** When the round's first fault began; milliseconds since 1970. */
    faultAtMs;
    #parts;
    #afterwards = [];
    #visits = 0;
    constructor(parts) {
        this.#parts = parts;
        this.cluster = parts.cluster;
        this.random = parts.random;
    }
    get network() {
        const { network } = this.#parts;
        if (!network)
            throw new Error('this scenario needs a setting with hosts on a network');
        return network;
    }
    get redis() {
        const { redis } = this.cluster;
        if (!redis)
            throw new Error('this cluster has a Redis that it did not start');
        return redis;
    }
    get nats() {
        const { nats } = this.cluster;
        if (!nats)
            throw new Error('this cluster has a NATS that it did not start');
        return nats;
    }
    get probe() {
        return this.#parts.probe;
    }
    say(line) {
        this.#parts.say(line);
    }
    /** Breaks something. Recovery is measured from the first fault of a round. */
    async fault(what, act) {
        this.say(what);
        this.faultAtMs ??= systemClock.now();
        await act();
    }
    /** To be done when the call has recovered, and in any case before the round ends. */
    afterwards(what, act) {
        this.#afterwards.push({ what, act });
    }
    /** Does what was left for afterwards; once. */
    async restore() {
        for (const { what, act } of this.#afterwards.splice(0))
            await this.mend(what, act);
    }
    async mend(what, act) {
        this.say(what);
        await act();
    }
    /** How long something stays away: the long form's time, or what is enough for the short one. */
    async hold({ longMs, shortMs }) {
        await systemClock.sleep(this.#parts.form === 'long' ? longMs : shortMs);
    }
    pick(from) {
        const choice = from[Math.floor(this.random() * from.length)];
        if (choice === undefined)
            throw new Error('there is nothing to pick from');
        return choice;
    }
    /** A node that carries somebody, picked among all that do. */
    async busyNode() {
        const nodes = await this.busyNodes();
        return this.pick(nodes);
    }
    async busyNodes() {
        const room = await this.#parts.observer.snapshot();
        const busy = new Set(room?.participants.map(({ nodeId }) => nodeId));
        return this.cluster.mediaNodes.filter(({ nodeId, status }) => busy.has(nodeId) && status.status === 'ready');
    }
    /** Two nodes that both carry somebody, so that a pipe joins them. */
    async twoBusyNodes() {
        const nodes = await this.busyNodes();
        const one = this.pick(nodes);
        return [one, this.pick(nodes.filter((node) => node !== one))];
    }
    /** A gateway that holds somebody's connection. */
    async busyGateway() {
        const views = await Promise.all(this.#parts.people.map((person) => person.view()));
        const ports = new Set(views.map(({ gateway }) => Number(new URL(gateway).port)));
        return this.pick(this.cluster.gateways.filter(({ httpPort }) => ports.has(httpPort)));
    }
    /** Process ids of a node's mediasoup workers. */
    async workersOf(node) {
        return this.#parts.probe.workersOf(node.grpcAddress);
    }
    /** Sends a signal to a worker; these are children of this bench's own nodes. */
    signal(pid, signal) {
        process.kill(pid, signal);
    }
    /** Waits until a process that was told to go has gone, with exit code 0. `bySignal`: SIGTERM tells it first. */
    async endsByItself(service, { bySignal, withinMs }) {
        const exit = bySignal ? await service.drain(withinMs) : await this.#exitOf(service, withinMs);
        if (exit.code !== 0)
            this.failed.push(`${service.name} ${describeExit(exit)}`);
    }
    async #exitOf(service, deadlineMs) {
        return await eventually(`${service.name} to end by itself`, () => (service.status.status === 'exited' ? service.status.exit : undefined), { deadlineMs });
    }
    /**
     * Joins as somebody new, again and again until it works and everybody sees them, and leaves. Says how long it took
     * until then.
     */
    async visit() {
        const env_1 = { stack: [], error: void 0, hasError: false };
        try {
            const fromMs = systemClock.now();
            const identity = `${VISITOR}-${++this.#visits}-${fromMs}`;
            const visitor = __addDisposableResource(env_1, await eventually('a newcomer to get in', () => this.#tryJoin(identity), {
                deadlineMs: VISIT_DEADLINE_MS,
            }), true);
            await this.#everyoneSees(identity, true, VISIT_DEADLINE_MS);
            const tookMs = systemClock.now() - fromMs;
            await visitor.request('leave', {});
            await this.#everyoneSees(identity, false, LEAVE_DEADLINE_MS);
            return tookMs;
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
    /** What was away is back: how long it takes until newcomers get in and everybody sees them is this round's recovery. */
    async backAgain() {
        this.recoveries.push(await this.visit());
    }
    /** While the store is away a join has to be refused at once, with a time to try again, and gateways have to count as alive. */
    async refusesAtOnce() {
        for (const gateway of this.cluster.gateways) {
            for (const withinMs of [FIRST_REFUSAL_MS, REFUSAL_MS])
                await this.#expectRefusal(gateway, withinMs);
            const { status } = await fetch(`${gateway.url}/healthz`);
            if (status !== 200)
                this.failed.push(`${gateway.name} counts as dead (${status}) while the store is away`);
        }
    }
    async #expectRefusal(gateway, withinMs) {
        const env_2 = { stack: [], error: void 0, hasError: false };
        try {
            const fromMs = systemClock.monotonicMs();
            const client = __addDisposableResource(env_2, await SignalClient.open(gateway.signalUrl), true);
            const outcome = await client.join(this.#parts.room, `${VISITOR}-refused`).then(() => 'let somebody join', (error) => SkeinError.from(error));
            const tookMs = Math.round(systemClock.monotonicMs() - fromMs);
            if (typeof outcome === 'string')
                this.failed.push(`${gateway.name} ${outcome} without a store`);
            else if (outcome.code !== 'UNAVAILABLE' || outcome.retryAfterMs === undefined) {
                this.failed.push(`${gateway.name} refused with ${outcome.code}, retryAfterMs ${outcome.retryAfterMs}`);
            }
            else if (tookMs > withinMs) {
                this.failed.push(`${gateway.name} took ${tookMs} ms to refuse, more than ${withinMs}`);
            }
        }
        catch (e_2) {
            env_2.error = e_2;
            env_2.hasError = true;
        }
        finally {
            const result_2 = __disposeResources(env_2);
            if (result_2)
                await result_2;
        }
    }
    async #tryJoin(identity) {
        const { gateways } = this.cluster;
        const ready = gateways.filter(({ status }) => status.status === 'ready');
        const client = await SignalClient.open(this.pick(ready).signalUrl);
        try {
            await client.join(this.#parts.room, identity, { autoSubscribe: false });
            return client;
        }
        catch (error) {
            await client[Symbol.asyncDispose]();
            throw error;
        }
    }
    async #everyoneSees(identity, present, deadlineMs) {
        await eventually(`everybody to see that ${identity} is ${present ? 'there' : 'gone'}`, async () => {
            const views = await Promise.all(this.#parts.people.map((person) => person.view()));
            const late = views.filter(({ others }) => others.some((other) => other.identity === identity) !== present);
            if (late.length > 0)
                throw new Error(`not yet: ${late.map((view) => view.identity).join(', ')}`);
            return true;
        }, { deadlineMs, everyMs: 25 });
    }
}
//# sourceMappingURL=stage.js.map