export { createMemoryBus, type MemoryBusHub, type MemoryBusOptions } from './memory-bus.ts';
