// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeEndInput as _skein_pipe_v1_PipeEndInput,
  PipeEnd as _skein_pipe_v1_PipeEnd,
} from '../../../skein/pipe/v1/PipeEnd.ts';

export interface OpenPipeRequestInput {
  room?: string;
  caller?: _skein_pipe_v1_PipeEndInput | null;
  /**
   * The callee's router.
   */
  routerId?: string;
}

export interface OpenPipeRequest {
  room: string;
  caller: _skein_pipe_v1_PipeEnd | null;
  /**
   * The callee's router.
   */
  routerId: string;
}
