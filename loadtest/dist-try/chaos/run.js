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
import { seededRandom, systemClock } from '@skein/runtime';
import { Bench } from './bench.js';
import { summarize } from './report.js';
import { runRound } from './rounds.js';
/** Runs a scenario's rounds on one call; stops at the first round that does not hold. */
export async function runScenario(scenario, options) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        const { form, seed, say, rounds: wanted = scenario.rounds, untilMs = Infinity } = options;
        const random = seededRandom(seed);
        const setting = { ...scenario.setting, people: options.people ?? scenario.setting.people };
        const bench = __addDisposableResource(env_1, await Bench.open({ setting, form, random, say }), true);
        const rounds = [];
        const summary = () => {
            const { name, bounds } = scenario;
            return summarize({ scenario: name, seed, bounds, rounds, violations: bench.violations });
        };
        while (rounds.length < wanted && systemClock.now() < untilMs) {
            say(`round ${rounds.length + 1}`);
            rounds.push(await runRound(scenario, bench.stage));
            const { recoverMs, longestGapMs } = summary();
            say(`so far: recoverMs ${JSON.stringify(recoverMs)}, longestGapMs ${JSON.stringify(longestGapMs)}`);
            // What broke once would break every round after it.
            if (rounds.at(-1)?.failed.length || bench.violations.length > 0)
                break;
        }
        return summary();
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
//# sourceMappingURL=run.js.map