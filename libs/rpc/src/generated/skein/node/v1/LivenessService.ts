// From proto/skein/node/v1/node.proto

import type { MethodDefinition } from '@grpc/proto-loader';
import type {
  PingRequestInput as _skein_node_v1_PingRequestInput,
  PingRequest as _skein_node_v1_PingRequest,
} from '../../../skein/node/v1/PingRequest.ts';
import type {
  PingResponseInput as _skein_node_v1_PingResponseInput,
  PingResponse as _skein_node_v1_PingResponse,
} from '../../../skein/node/v1/PingResponse.ts';

export interface LivenessServiceDefinition {
  Ping: MethodDefinition<
    _skein_node_v1_PingRequestInput,
    _skein_node_v1_PingResponseInput,
    _skein_node_v1_PingRequest,
    _skein_node_v1_PingResponse
  >;
}
