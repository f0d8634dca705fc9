export { LocalCluster, startCluster, type ClusterOptions, type ClusterProcess } from './adapters/cluster.ts';
export { NatsServer, startNats, type NatsOptions } from './adapters/nats.ts';
export { freePort } from './adapters/ports.ts';
export { RedisGroup, startRedisGroup, type RedisGroupOptions } from './adapters/redis-group.ts';
export { RedisServer, startRedis, type RedisOptions } from './adapters/redis.ts';
export { ControlProcess, GatewayProcess, MediaNodeProcess } from './adapters/services.ts';
export { Supervised, type ProcessStatus } from './adapters/supervised.ts';
export type { ServiceHost } from './service-plan.ts';
export { describeExit, LaunchError, type LaunchErrorCode, type ProcessExit } from './launch-error.ts';
