// From proto/skein/pipe/v1/pipe.proto

import type {
  RouterNameInput as _skein_pipe_v1_RouterNameInput,
  RouterName as _skein_pipe_v1_RouterName,
} from '../../../skein/pipe/v1/RouterName.ts';
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
  /**
   * Names this pull, also when it is asked for again after the call broke.
   */
  pullId?: string;
  /**
   * Set when this node is to relay the track: where it is published. A relay pulls only from there, never from
   * another relay.
   */
  relayFrom?: _skein_pipe_v1_RouterNameInput | null;
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
  /**
   * Names this pull, also when it is asked for again after the call broke.
   */
  pullId: string;
  /**
   * Set when this node is to relay the track: where it is published. A relay pulls only from there, never from
   * another relay.
   */
  relayFrom: _skein_pipe_v1_RouterName | null;
}
