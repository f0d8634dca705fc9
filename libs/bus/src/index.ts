export type { Bus, BusStatus, BusSubscription } from './bus.ts';
