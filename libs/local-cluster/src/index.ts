export { NatsServer, startNats, type NatsOptions } from './adapters/nats.ts';
export { freePort } from './adapters/ports.ts';
export { RedisServer, startRedis, type RedisOptions } from './adapters/redis.ts';
export { Supervised, type ProcessStatus } from './adapters/supervised.ts';
export { describeExit, LaunchError, type LaunchErrorCode, type ProcessExit } from './launch-error.ts';
