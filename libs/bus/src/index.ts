export type { BusOptions } from './adapters/bus-options.ts';
export { connectBus } from './adapters/nats-bus.ts';
export { natsServers, type BusConfig, type NatsServers } from './adapters/nats-servers.ts';
export type { Bus, BusStatus, BusSubscription } from './bus.ts';
export type { NatsAddress } from './nats-address.ts';
export { busSettings } from './settings.ts';
