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
   * Both ends of the pipe, as OpenPipe exchanged them.
   */
  callerInstanceId?: string;
  calleeInstanceId?: string;
  /**
   * Selects the publication of the track: two exist while its participant migrates.
   */
  epoch?: number | string | Long;
  /**
   * Identifies this pull, and stays the same when the call is repeated after it broke.
   */
  pullId?: string;
  /**
   * Asks this node to relay the track: the router where it is published. A relay pulls only from there, never from
   * another relay.
   */
  relayFrom?: _skein_pipe_v1_RouterNameInput | null;
}

export interface PullTrackRequest {
  room: string;
  trackId: string;
  /**
   * Both ends of the pipe, as OpenPipe exchanged them.
   */
  callerInstanceId: string;
  calleeInstanceId: string;
  /**
   * Selects the publication of the track: two exist while its participant migrates.
   */
  epoch: number;
  /**
   * Identifies this pull, and stays the same when the call is repeated after it broke.
   */
  pullId: string;
  /**
   * Asks this node to relay the track: the router where it is published. A relay pulls only from there, never from
   * another relay.
   */
  relayFrom: _skein_pipe_v1_RouterName | null;
}
