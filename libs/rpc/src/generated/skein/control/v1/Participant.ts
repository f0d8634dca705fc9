// From proto/skein/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

/**
 * An entry of the room's state.
 */
export interface ParticipantInput {
  identity?: string;
  name?: string;
  nodeId?: string;
  sessionId?: string;
  epoch?: number | string | Long;
  joinedAtMs?: number | string | Long;
  /**
   * Its client has lost its connection, and has not resumed yet.
   */
  lost?: boolean;
}

/**
 * An entry of the room's state.
 */
export interface Participant {
  identity: string;
  name: string;
  nodeId: string;
  sessionId: string;
  epoch: number;
  joinedAtMs: number;
  /**
   * Its client has lost its connection, and has not resumed yet.
   */
  lost: boolean;
}
