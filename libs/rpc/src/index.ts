export { createRpcClients, type RpcClients } from './adapters/rpc-clients.ts';
export {
  createRpcServer,
  type RpcLog,
  type RpcServer,
  type RpcServerOptions,
} from './adapters/rpc-server.ts';
export {
  controlService,
  MAX_PAGE_SIZE,
  type ControlServiceClient,
  type ControlServiceHandlers,
} from './control-service.ts';
export type { DrainNodeResponse } from './generated/skein/control/v1/DrainNodeResponse.ts';
export type { ListNodesResponse } from './generated/skein/control/v1/ListNodesResponse.ts';
export type { ListRoomsResponse } from './generated/skein/control/v1/ListRoomsResponse.ts';
export type { Node } from './generated/skein/control/v1/Node.ts';
export type { NodeMoves } from './generated/skein/control/v1/NodeMoves.ts';
export type { Participant as RoomParticipant } from './generated/skein/control/v1/Participant.ts';
export type { Pipe } from './generated/skein/control/v1/Pipe.ts';
export type { Room } from './generated/skein/control/v1/Room.ts';
export type { RoomSummary } from './generated/skein/control/v1/RoomSummary.ts';
export type { Track as RoomTrack } from './generated/skein/control/v1/Track.ts';
export type { MediaCounts } from './generated/skein/node/v1/MediaCounts.ts';
export type { NodeStatus } from './generated/skein/node/v1/NodeStatus.ts';
export type { PipeMedia } from './generated/skein/node/v1/PipeMedia.ts';
export type { RoomMedia } from './generated/skein/node/v1/RoomMedia.ts';
export type { SessionMedia } from './generated/skein/node/v1/SessionMedia.ts';
export type { SubscriptionMedia } from './generated/skein/node/v1/SubscriptionMedia.ts';
export type { Worker } from './generated/skein/node/v1/Worker.ts';
export { livenessService, type LivenessServiceHandlers } from './liveness-service.ts';
export {
  MAX_DRAIN_MS,
  MAX_FOUND_SESSIONS,
  nodeService,
  type NodeServiceClient,
  type NodeServiceHandlers,
} from './node-service.ts';
export {
  MAX_PROBED_PIPES,
  pipeService,
  srtpSuites,
  type ClosePipeRequest,
  type ClosePipeResponse,
  type OfferRelayRequest,
  type OfferRelayResponse,
  type OpenPipeRequest,
  type OpenPipeResponse,
  type PipeEnd,
  type PipeEndCounters,
  type PipeProbe,
  type PipeServiceClient,
  type PipeServiceHandlers,
  type ProbePipesRequest,
  type ProbePipesResponse,
  type PullTrackRequest,
  type ReleaseTrackRequest,
  type TrackUpdate,
} from './pipe-service.ts';
export type {
  CallContext,
  CallOptions,
  ClientStream,
  Handlers,
  ServerStream,
  ServiceClient,
  ServiceDefinition,
  StreamListener,
  StreamOptions,
} from './service-definition.ts';
export { codeOfStatus, statusName } from './status-mapping.ts';
