import { Network } from '@skein/testkit';
import { SIX_ON_THREE, type CompositeScenario, type Scenario } from '../stage/scenario.ts';
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
import { redisHang } from './redis-hang.ts';
import { redisRestartEmpty } from './redis-restart-empty.ts';
import { slowLink } from './slow-link.ts';
import { workerHang } from './worker-hang.ts';
import { workerKill } from './worker-kill.ts';

const picks: readonly Scenario[] = [
  ...[nodeKill, nodeHang, nodeCutOff, workerKill, workerHang, nodeDrain, gatewayKill],
  ...[
    redisRestartEmpty,
    redisHang,
    natsRestart,
    natsHang,
    controlKill,
    controlSplit,
    pipePartition,
    narrowLink,
  ],
  ...(Network.canImpair ? [slowLink] : []),
];

/**
 * One fault after another, chosen by the seed, until the time is up or something does not hold. Left out are those that want
 * another setting (`redis-failover`) or much of its time (`rolling-update`, `client-cut-off`).
 */
export const random: CompositeScenario = {
  name: 'random',
  what: 'Faults of most others in turn, chosen by the seed, for --minutes.',
  setting: { ...SIX_ON_THREE, controls: 2, layers: 3, hosts: 'network', env: nodeDrain.setting.env ?? {} },
  rounds: Number.MAX_SAFE_INTEGER,
  picks,
};
