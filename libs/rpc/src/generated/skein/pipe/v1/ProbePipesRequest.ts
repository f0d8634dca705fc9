// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeProbeInput as _skein_pipe_v1_PipeProbeInput,
  PipeProbe as _skein_pipe_v1_PipeProbe,
} from '../../../skein/pipe/v1/PipeProbe.ts';

export interface ProbePipesRequestInput {
  pipes?: _skein_pipe_v1_PipeProbeInput[];
  /**
   * Pipes that their other end has given up, with the ids that it used; sent by the node that relays between the two.
   */
  givenUp?: _skein_pipe_v1_PipeProbeInput[];
}

export interface ProbePipesRequest {
  pipes: _skein_pipe_v1_PipeProbe[];
  /**
   * Pipes that their other end has given up, with the ids that it used; sent by the node that relays between the two.
   */
  givenUp: _skein_pipe_v1_PipeProbe[];
}
