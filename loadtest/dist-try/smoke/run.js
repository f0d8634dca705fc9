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
import { ClusterProbe, duplicatePipedTracks, eventually, isHeard, isSeen, launchBrowser, MeetingPage, nodePipes, } from '@skein/testkit';
import { faultsOf, firstFrameDelays, joinDelay, percentiles } from './summary.js';
const PEOPLE = ['ada', 'ben', 'cleo'];
const SEEN_DEADLINE_MS = 15_000;
const LEFTOVERS_DEADLINE_MS = 10_000;
/** Runs the smoke test and sums it up. Progress goes to `say`. Throws when the cluster or a browser cannot be used at all. */
export async function runSmoke({ target }, say) {
    const env_1 = { stack: [], error: void 0, hasError: false };
    try {
        if (target)
            return smokeTest({ gatewayUrls: [target.url], controlAddress: target.controlAddress }, say);
        say('starting a cluster: 2 gateways, 3 media nodes, control');
        const cluster = __addDisposableResource(env_1, await startCluster(), true);
        const controlAddress = cluster.control?.grpcAddress ?? '';
        return await smokeTest({ gatewayUrls: cluster.gateways.map(({ url }) => url), controlAddress }, say);
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
async function smokeTest(target, say) {
    const env_2 = { stack: [], error: void 0, hasError: false };
    try {
        const probe = __addDisposableResource(env_2, new ClusterProbe(target.controlAddress), false);
        const room = `smoke-${process.pid}`;
        const before = new Set(await probe.leftovers());
        const nodeIds = (await probe.nodes()).map(({ nodeId }) => nodeId).slice(0, PEOPLE.length);
        say(`joining ${PEOPLE.join(', ')} on ${nodeIds.join(', ')}`);
        const browser = await launchBrowser();
        try {
            const meetings = await joinAll(browser, target, room, nodeIds);
            say('waiting until everyone sees and hears everyone');
            const reports = await watchAll(meetings);
            const state = await probe.room(room);
            const timelines = await Promise.all(meetings.map((meeting) => meeting.timeline()));
            say('leaving');
            for (const meeting of meetings)
                await meeting.press('leave');
            const leakedAfterLeave = await countLeftovers(probe, before, say);
            const figures = {
                participants: meetings.length,
                nodes: new Set(state?.participants.map(({ nodeId }) => nodeId)).size,
                videosPlaying: reports.filter(isSeen).length,
                audiosPlaying: reports.filter(isHeard).length,
                pipes: state ? nodePipes(state).length : 0,
                duplicatePipedTracks: state ? duplicatePipedTracks(state) : 0,
                firstFrameMs: percentiles(timelines.flatMap(firstFrameDelays)),
                joinMs: percentiles(timelines.flatMap(joinDelay)),
                leakedAfterLeave,
            };
            const failed = faultsOf(figures);
            for (const meeting of meetings)
                failed.push(...meeting.problems.map((problem) => `${meeting.name}'s page: ${problem}`));
            return { ok: failed.length === 0, ...figures, ...(failed.length > 0 && { failed }) };
        }
        finally {
            await browser.close();
        }
    }
    catch (e_2) {
        env_2.error = e_2;
        env_2.hasError = true;
    }
    finally {
        __disposeResources(env_2);
    }
}
async function joinAll(browser, { gatewayUrls }, room, nodeIds) {
    const meetings = [];
    for (const [index, name] of PEOPLE.entries()) {
        const gatewayUrl = gatewayUrls[index % gatewayUrls.length] ?? '';
        const nodeId = nodeIds[index];
        meetings.push(await MeetingPage.join(browser, gatewayUrl, { room, name, ...(nodeId && { nodeId }) }));
        // One after another: on a small machine the pages' own start would be measured along otherwise.
        await Promise.all(meetings.map((viewer) => firstFramesOf(viewer, meetings)));
    }
    return meetings;
}
/** Waits until a viewer was shown a frame of everyone else; the figures tell if that took too long. */
async function firstFramesOf(viewer, meetings) {
    const others = meetings.filter((other) => other !== viewer);
    const shown = async () => {
        const { firstFrameMs } = await viewer.timeline();
        return others.every(({ name }) => firstFrameMs[name] !== undefined);
    };
    await eventually('first frames', shown, { deadlineMs: SEEN_DEADLINE_MS }).catch(() => undefined);
}
/** One report for each pair of viewer and publisher: the last one, when it never came to be as it should. */
function watchAll(meetings) {
    const pairs = meetings.flatMap((viewer) => meetings.filter((other) => other !== viewer).map((other) => [viewer, other]));
    return Promise.all(pairs.map(([viewer, other]) => viewer.seesAndHears(other.name, SEEN_DEADLINE_MS).catch(() => viewer.probe(other.name))));
}
/** Counts what is still held some seconds after the last one left, without what was there before. */
async function countLeftovers(probe, before, say) {
    let leftovers = [];
    const isClean = async () => {
        leftovers = (await probe.leftovers()).filter((leftover) => !before.has(leftover));
        return leftovers.length === 0;
    };
    await eventually('nothing left', isClean, { deadlineMs: LEFTOVERS_DEADLINE_MS, everyMs: 200 }).catch(() => {
        for (const leftover of leftovers)
            say(`left over: ${leftover}`);
    });
    return leftovers.length;
}
//# sourceMappingURL=run.js.map