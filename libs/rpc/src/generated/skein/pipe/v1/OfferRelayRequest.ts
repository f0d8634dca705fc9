// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeProbeInput as _skein_pipe_v1_PipeProbeInput,
  PipeProbe as _skein_pipe_v1_PipeProbe,
} from '../../../skein/pipe/v1/PipeProbe.ts';

export interface OfferRelayRequestInput {
  room?: string;
  /**
   * The node that the caller cannot reach.
   */
  originNodeId?: string;
  /**
   * The caller's pipes to that node that broke recently, to be forwarded: the node may still receive from the caller and
   * would wait for packets that no longer come.
   */
  givenUp?: _skein_pipe_v1_PipeProbeInput[];
}

export interface OfferRelayRequest {
  room: string;
  /**
   * The node that the caller cannot reach.
   */
  originNodeId: string;
  /**
   * The caller's pipes to that node that broke recently, to be forwarded: the node may still receive from the caller and
   * would wait for packets that no longer come.
   */
  givenUp: _skein_pipe_v1_PipeProbe[];
}
