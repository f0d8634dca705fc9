// From proto/skein/pipe/v1/pipe.proto

import type {
  PipeEndInput as _skein_pipe_v1_PipeEndInput,
  PipeEnd as _skein_pipe_v1_PipeEnd,
} from '../../../skein/pipe/v1/PipeEnd.ts';

export interface OpenPipeResponseInput {
  callee?: _skein_pipe_v1_PipeEndInput | null;
}

export interface OpenPipeResponse {
  callee: _skein_pipe_v1_PipeEnd | null;
}
