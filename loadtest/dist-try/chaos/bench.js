import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeExit, startCluster } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { ClusterProbe, launchBrowser, Network } from '@skein/testkit';
import { PageServer } from './adapters/page-server.js';
import { Person } from './adapters/person.js';
import { Observer } from './observer.js';
const NAMES = ['ada', 'ben', 'cleo', 'dora', 'emil', 'fritz', 'gina', 'hans'];
const FPS = 15;
/** More spare hosts than one round of any scenario starts nodes. */
const SPARE_HOSTS = 2;
/** A call on a cluster of its own, with an observer: all that rounds are run on. Disposing leaves nothing behind. */
export class Bench {
    stage;
    /** Each process' log. */
    logDir;
    #closers;
    constructor(stage, logDir, closers) {
        this.stage = stage;
        this.logDir = logDir;
        this.#closers = closers;
    }
    get violations() {
        return this.stage.violations;
    }
    static async open(options) {
        const logDir = mkdtempSync(join(tmpdir(), 'skein-chaos-'));
        const closers = [];
        try {
            return new Bench(await setUp(options, logDir, closers), logDir, closers);
        }
        catch (error) {
            await closeAll(closers);
            throw error;
        }
    }
    async [Symbol.asyncDispose]() {
        await closeAll(this.#closers);
    }
}
/** The last opened first. */
async function closeAll(closers) {
    for (const close of closers.toReversed())
        await close();
}
async function setUp({ setting, form, random, say }, logDir, closers) {
    const { mediaNodes, gateways, hosts, people: count, env = {} } = setting;
    say(`${count} people on ${mediaNodes} media nodes, ${gateways} gateways; logs in ${logDir}`);
    const violations = [];
    const onViolation = (violation) => {
        violations.push(violation);
        say(`VIOLATION: ${violation.invariant}: ${violation.what}`);
    };
    const network = hosts === 'network' ? await Network.create() : undefined;
    closers.push(async () => network?.[Symbol.asyncDispose]());
    const cluster = await startCluster({
        ...{ mediaNodes, gateways, env, logDir, serverAddress: network?.address, servicesDir: '/work/main/services' },
        hosts: network && (await mediaHosts(network, mediaNodes + SPARE_HOSTS)),
        onUnexpectedExit: ({ name }, exit) => {
            // A node that was drained has done what it was told.
            if (exit.code === 0)
                return;
            const what = `${name} ${describeExit(exit)}`;
            onViolation({ invariant: 'no service crashes', what, atMs: systemClock.now() });
        },
    });
    closers.push(() => cluster.stop());
    const probe = new ClusterProbe(cluster.control?.grpcAddress ?? '');
    closers.push(() => probe[Symbol.dispose]());
    const people = [];
    const room = `chaos-${process.pid}`;
    const observer = await Observer.start({ room, cluster, people: () => people }, onViolation);
    closers.push(() => observer[Symbol.asyncDispose]());
    const stage = { room, cluster, network, probe, observer, people, random, form, say, violations };
    closers.push(await joinAll(stage, people, count));
    return stage;
}
/** A host for each media node, and for some that join later, by name. */
async function mediaHosts(network, count) {
    const hosts = {};
    for (let number = 1; number <= count; number++) {
        const name = `media-node-${number}`;
        hosts[name] = await network.host(name);
    }
    return hosts;
}
/** Each joins through another gateway first, on another node. Gives what closes their pages. */
async function joinAll({ cluster, room }, people, count) {
    const pages = await PageServer.start();
    const browser = await launchBrowser();
    const close = async () => {
        await browser.close();
        await pages[Symbol.asyncDispose]();
    };
    const urls = cluster.gateways.map(({ url }) => url);
    try {
        for (const [index, identity] of NAMES.slice(0, count).entries()) {
            const first = index % urls.length;
            const nodeId = cluster.mediaNodes[index % cluster.mediaNodes.length]?.nodeId;
            const own = { urls: [...urls.slice(first), ...urls.slice(0, first)], room, identity, nodeId, fps: FPS };
            people.push(await Person.join(browser, pages.url, own));
        }
    }
    catch (error) {
        await close();
        throw error;
    }
    return close;
}
//# sourceMappingURL=bench.js.map