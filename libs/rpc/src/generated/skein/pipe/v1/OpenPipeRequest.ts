// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeEndInput as _skein_pipe_v1_PipeEndInput,
  PipeEnd as _skein_pipe_v1_PipeEnd,
} from '../../../skein/pipe/v1/PipeEnd.ts';

export interface OpenPipeRequestInput {
  room?: string;
  caller?: _skein_pipe_v1_PipeEndInput | null;
  /**
   * The router on this node that the pipe leads to.
   */
  routerId?: string;
}

export interface OpenPipeRequest {
  room: string;
  caller: _skein_pipe_v1_PipeEnd | null;
  /**
   * The router on this node that the pipe leads to.
   */
  routerId: string;
}
