// From proto/skein/control/v1/control.proto

import type {
  NodeMovesInput as _skein_control_v1_NodeMovesInput,
  NodeMoves as _skein_control_v1_NodeMoves,
} from '../../../skein/control/v1/NodeMoves.ts';

export interface RebalanceResponseInput {
  nodes?: _skein_control_v1_NodeMovesInput[];
}

export interface RebalanceResponse {
  nodes: _skein_control_v1_NodeMoves[];
}
