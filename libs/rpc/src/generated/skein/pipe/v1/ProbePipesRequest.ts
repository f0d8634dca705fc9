// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeProbeInput as _skein_pipe_v1_PipeProbeInput,
  PipeProbe as _skein_pipe_v1_PipeProbe,
} from '../../../skein/pipe/v1/PipeProbe.ts';

export interface ProbePipesRequestInput {
  pipes?: _skein_pipe_v1_PipeProbeInput[];
  /**
   * Pipes whose other end is gone, as that end named them; said by a node that is to relay between the two.
   */
  givenUp?: _skein_pipe_v1_PipeProbeInput[];
}

export interface ProbePipesRequest {
  pipes: _skein_pipe_v1_PipeProbe[];
  /**
   * Pipes whose other end is gone, as that end named them; said by a node that is to relay between the two.
   */
  givenUp: _skein_pipe_v1_PipeProbe[];
}
