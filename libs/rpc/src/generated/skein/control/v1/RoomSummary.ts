// From proto/skein/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface RoomSummaryInput {
  room?: string;
  version?: number | string | Long;
  participants?: number;
  tracks?: number;
  nodeIds?: string[];
  /**
   * Members that only subscribe; not counted as participants.
   */
  viewers?: number;
}

export interface RoomSummary {
  room: string;
  version: number;
  participants: number;
  tracks: number;
  nodeIds: string[];
  /**
   * Members that only subscribe; not counted as participants.
   */
  viewers: number;
}
