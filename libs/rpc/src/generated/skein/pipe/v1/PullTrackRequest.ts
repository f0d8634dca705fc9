// From proto/skein/pipe/v1/pipe.proto

import type { Long } from '@grpc/proto-loader';

export interface PullTrackRequestInput {
  room?: string;
  trackId?: string;
  /**
   * Both ends, as OpenPipe gave them: the caller's and this node's.
   */
  callerInstanceId?: string;
  calleeInstanceId?: string;
  /**
   * Which publication of the track: two may exist while its participant moves.
   */
  epoch?: number | string | Long;
}

export interface PullTrackRequest {
  room: string;
  trackId: string;
  /**
   * Both ends, as OpenPipe gave them: the caller's and this node's.
   */
  callerInstanceId: string;
  calleeInstanceId: string;
  /**
   * Which publication of the track: two may exist while its participant moves.
   */
  epoch: number;
}
