// From proto/skein/node/v1/node.proto

import type {
  SessionMediaInput as _skein_node_v1_SessionMediaInput,
  SessionMedia as _skein_node_v1_SessionMedia,
} from '../../../skein/node/v1/SessionMedia.ts';
import type {
  PipeMediaInput as _skein_node_v1_PipeMediaInput,
  PipeMedia as _skein_node_v1_PipeMedia,
} from '../../../skein/node/v1/PipeMedia.ts';
import type { Long } from '@grpc/proto-loader';

export interface RoomMediaInput {
  room?: string;
  nodeId?: string;
  version?: number | string | Long;
  routerIds?: string[];
  sessions?: _skein_node_v1_SessionMediaInput[];
  pipes?: _skein_node_v1_PipeMediaInput[];
}

export interface RoomMedia {
  room: string;
  nodeId: string;
  version: number;
  routerIds: string[];
  sessions: _skein_node_v1_SessionMedia[];
  pipes: _skein_node_v1_PipeMedia[];
}
