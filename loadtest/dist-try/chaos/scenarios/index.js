import { controlKill } from './control-kill.js';
import { gatewayKill } from './gateway-kill.js';
import { natsRestart } from './nats-restart.js';
import { nodeCutOff } from './node-cut-off.js';
import { nodeDrain } from './node-drain.js';
import { nodeHang } from './node-hang.js';
import { nodeKill } from './node-kill.js';
import { pipePartition } from './pipe-partition.js';
import { random } from './random.js';
import { redisHang } from './redis-hang.js';
import { redisRestartEmpty } from './redis-restart-empty.js';
import { rollingUpdate } from './rolling-update.js';
import { workerKill } from './worker-kill.js';
export const scenarios = [
    ...[nodeKill, nodeHang, nodeCutOff, workerKill, nodeDrain, rollingUpdate, gatewayKill],
    ...[redisRestartEmpty, redisHang, natsRestart, controlKill, pipePartition, random],
];
//# sourceMappingURL=index.js.map