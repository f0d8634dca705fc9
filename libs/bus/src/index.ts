export { connectBus } from './adapters/nats-bus.ts';
export type { Bus, BusStatus, BusSubscription } from './bus.ts';
export type { BusOptions } from './connect.ts';
export { createMemoryBus, type MemoryBusHub, type MemoryBusOptions } from './memory-bus.ts';
export { busSettings } from './settings.ts';
