// From proto/skein/pipe/v1/pipe.proto

import type { MethodDefinition } from '@grpc/proto-loader';
import type {
  ClosePipeRequestInput as _skein_pipe_v1_ClosePipeRequestInput,
  ClosePipeRequest as _skein_pipe_v1_ClosePipeRequest,
} from '../../../skein/pipe/v1/ClosePipeRequest.ts';
import type {
  ClosePipeResponseInput as _skein_pipe_v1_ClosePipeResponseInput,
  ClosePipeResponse as _skein_pipe_v1_ClosePipeResponse,
} from '../../../skein/pipe/v1/ClosePipeResponse.ts';
import type {
  OpenPipeRequestInput as _skein_pipe_v1_OpenPipeRequestInput,
  OpenPipeRequest as _skein_pipe_v1_OpenPipeRequest,
} from '../../../skein/pipe/v1/OpenPipeRequest.ts';
import type {
  OpenPipeResponseInput as _skein_pipe_v1_OpenPipeResponseInput,
  OpenPipeResponse as _skein_pipe_v1_OpenPipeResponse,
} from '../../../skein/pipe/v1/OpenPipeResponse.ts';
import type {
  PullTrackRequestInput as _skein_pipe_v1_PullTrackRequestInput,
  PullTrackRequest as _skein_pipe_v1_PullTrackRequest,
} from '../../../skein/pipe/v1/PullTrackRequest.ts';
import type {
  TrackUpdateInput as _skein_pipe_v1_TrackUpdateInput,
  TrackUpdate as _skein_pipe_v1_TrackUpdate,
} from '../../../skein/pipe/v1/TrackUpdate.ts';

export interface PipeServiceDefinition {
  ClosePipe: MethodDefinition<
    _skein_pipe_v1_ClosePipeRequestInput,
    _skein_pipe_v1_ClosePipeResponseInput,
    _skein_pipe_v1_ClosePipeRequest,
    _skein_pipe_v1_ClosePipeResponse
  >;
  OpenPipe: MethodDefinition<
    _skein_pipe_v1_OpenPipeRequestInput,
    _skein_pipe_v1_OpenPipeResponseInput,
    _skein_pipe_v1_OpenPipeRequest,
    _skein_pipe_v1_OpenPipeResponse
  >;
  PullTrack: MethodDefinition<
    _skein_pipe_v1_PullTrackRequestInput,
    _skein_pipe_v1_TrackUpdateInput,
    _skein_pipe_v1_PullTrackRequest,
    _skein_pipe_v1_TrackUpdate
  >;
}
