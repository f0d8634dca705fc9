// From proto/skein/control/v1/control.proto

import type {
  NodeInput as _skein_control_v1_NodeInput,
  Node as _skein_control_v1_Node,
} from '../../../skein/control/v1/Node.ts';

export interface ListNodesResponseInput {
  nodes?: _skein_control_v1_NodeInput[];
}

export interface ListNodesResponse {
  nodes: _skein_control_v1_Node[];
}
