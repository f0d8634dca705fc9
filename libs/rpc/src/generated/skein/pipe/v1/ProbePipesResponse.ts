// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeEndCountersInput as _skein_pipe_v1_PipeEndCountersInput,
  PipeEndCounters as _skein_pipe_v1_PipeEndCounters,
} from '../../../skein/pipe/v1/PipeEndCounters.ts';

export interface ProbePipesResponseInput {
  /**
   * One per pipe of the request, in the same order.
   */
  ends?: _skein_pipe_v1_PipeEndCountersInput[];
}

export interface ProbePipesResponse {
  /**
   * One per pipe of the request, in the same order.
   */
  ends: _skein_pipe_v1_PipeEndCounters[];
}
