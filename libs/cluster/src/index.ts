export type { NodeRegistry, RegisteredNode } from './node-registry.ts';
export type { NodeView, PlacementPolicy } from './placement.ts';
export type { Placed, PlaceRequest, PlacementCandidates, RoomStore, RoomWrite, SessionRef } from './room-store.ts';
