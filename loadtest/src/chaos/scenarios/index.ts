import type { CompositeScenario, Scenario } from '../stage/scenario.ts';
import { clientCutOff } from './client-cut-off.ts';
import { controlKill } from './control-kill.ts';
import { controlSplit } from './control-split.ts';
import { gatewayKill } from './gateway-kill.ts';
import { narrowLink } from './narrow-link.ts';
import { natsHang } from './nats-hang.ts';
import { natsRestart } from './nats-restart.ts';
import { nodeCutOff } from './node-cut-off.ts';
import { nodeDrain } from './node-drain.ts';
import { nodeHang } from './node-hang.ts';
import { nodeKill } from './node-kill.ts';
import { pipePartition } from './pipe-partition.ts';
import { random } from './random.ts';
import { redisFailover } from './redis-failover.ts';
import { redisHang } from './redis-hang.ts';
import { redisRestartEmpty } from './redis-restart-empty.ts';
import { rollingUpdate } from './rolling-update.ts';
import { slowLink } from './slow-link.ts';
import { workerHang } from './worker-hang.ts';
import { workerKill } from './worker-kill.ts';

export const scenarios: readonly (Scenario | CompositeScenario)[] = [
  ...[nodeKill, nodeHang, nodeCutOff, clientCutOff, workerKill, workerHang, nodeDrain],
  ...[rollingUpdate, gatewayKill],
  ...[redisRestartEmpty, redisHang, redisFailover, natsRestart, natsHang, controlKill, controlSplit],
  ...[pipePartition, slowLink, narrowLink],
  random,
];
