// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeProbeInput as _skein_pipe_v1_PipeProbeInput,
  PipeProbe as _skein_pipe_v1_PipeProbe,
} from '../../../skein/pipe/v1/PipeProbe.ts';

export interface OfferRelayRequestInput {
  room?: string;
  /**
   * Whom the caller cannot reach.
   */
  originNodeId?: string;
  /**
   * The caller's pipes to that node which broke lately, to be passed on: maybe the node still hears the caller, and
   * would wait for what does not come any more.
   */
  givenUp?: _skein_pipe_v1_PipeProbeInput[];
}

export interface OfferRelayRequest {
  room: string;
  /**
   * Whom the caller cannot reach.
   */
  originNodeId: string;
  /**
   * The caller's pipes to that node which broke lately, to be passed on: maybe the node still hears the caller, and
   * would wait for what does not come any more.
   */
  givenUp: _skein_pipe_v1_PipeProbe[];
}
