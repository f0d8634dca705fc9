import { SIX_ON_THREE } from '../scenario.js';
import { controlKill } from './control-kill.js';
import { gatewayKill } from './gateway-kill.js';
import { natsRestart } from './nats-restart.js';
import { nodeCutOff } from './node-cut-off.js';
import { nodeDrain } from './node-drain.js';
import { nodeHang } from './node-hang.js';
import { nodeKill } from './node-kill.js';
import { pipePartition } from './pipe-partition.js';
import { redisHang } from './redis-hang.js';
import { redisRestartEmpty } from './redis-restart-empty.js';
import { workerKill } from './worker-kill.js';
const mixed = [
    ...[nodeKill, nodeHang, nodeCutOff, workerKill, nodeDrain, gatewayKill],
    ...[redisRestartEmpty, redisHang, natsRestart, controlKill, pipePartition],
];
/** One fault after another, chosen by the seed, until the time is up or an invariant does not hold. */
export const random = {
    name: 'random',
    what: 'Faults of all the others in turn, chosen by the seed, for --minutes.',
    setting: { ...SIX_ON_THREE, hosts: 'network', env: nodeDrain.setting.env ?? {} },
    rounds: Number.MAX_SAFE_INTEGER,
    recovers: 'media',
    bounds: {},
    async fault(stage) {
        const { name, fault } = stage.pick(mixed);
        stage.say(name);
        await fault(stage);
    },
};
//# sourceMappingURL=random.js.map