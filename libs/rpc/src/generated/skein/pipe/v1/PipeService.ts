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
  OfferRelayRequestInput as _skein_pipe_v1_OfferRelayRequestInput,
  OfferRelayRequest as _skein_pipe_v1_OfferRelayRequest,
} from '../../../skein/pipe/v1/OfferRelayRequest.ts';
import type {
  OfferRelayResponseInput as _skein_pipe_v1_OfferRelayResponseInput,
  OfferRelayResponse as _skein_pipe_v1_OfferRelayResponse,
} from '../../../skein/pipe/v1/OfferRelayResponse.ts';
import type {
  OpenPipeRequestInput as _skein_pipe_v1_OpenPipeRequestInput,
  OpenPipeRequest as _skein_pipe_v1_OpenPipeRequest,
} from '../../../skein/pipe/v1/OpenPipeRequest.ts';
import type {
  OpenPipeResponseInput as _skein_pipe_v1_OpenPipeResponseInput,
  OpenPipeResponse as _skein_pipe_v1_OpenPipeResponse,
} from '../../../skein/pipe/v1/OpenPipeResponse.ts';
import type {
  ProbePipesRequestInput as _skein_pipe_v1_ProbePipesRequestInput,
  ProbePipesRequest as _skein_pipe_v1_ProbePipesRequest,
} from '../../../skein/pipe/v1/ProbePipesRequest.ts';
import type {
  ProbePipesResponseInput as _skein_pipe_v1_ProbePipesResponseInput,
  ProbePipesResponse as _skein_pipe_v1_ProbePipesResponse,
} from '../../../skein/pipe/v1/ProbePipesResponse.ts';
import type {
  PullTrackRequestInput as _skein_pipe_v1_PullTrackRequestInput,
  PullTrackRequest as _skein_pipe_v1_PullTrackRequest,
} from '../../../skein/pipe/v1/PullTrackRequest.ts';
import type {
  ReleaseTrackRequestInput as _skein_pipe_v1_ReleaseTrackRequestInput,
  ReleaseTrackRequest as _skein_pipe_v1_ReleaseTrackRequest,
} from '../../../skein/pipe/v1/ReleaseTrackRequest.ts';
import type {
  ReleaseTrackResponseInput as _skein_pipe_v1_ReleaseTrackResponseInput,
  ReleaseTrackResponse as _skein_pipe_v1_ReleaseTrackResponse,
} from '../../../skein/pipe/v1/ReleaseTrackResponse.ts';
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
  OfferRelay: MethodDefinition<
    _skein_pipe_v1_OfferRelayRequestInput,
    _skein_pipe_v1_OfferRelayResponseInput,
    _skein_pipe_v1_OfferRelayRequest,
    _skein_pipe_v1_OfferRelayResponse
  >;
  OpenPipe: MethodDefinition<
    _skein_pipe_v1_OpenPipeRequestInput,
    _skein_pipe_v1_OpenPipeResponseInput,
    _skein_pipe_v1_OpenPipeRequest,
    _skein_pipe_v1_OpenPipeResponse
  >;
  ProbePipes: MethodDefinition<
    _skein_pipe_v1_ProbePipesRequestInput,
    _skein_pipe_v1_ProbePipesResponseInput,
    _skein_pipe_v1_ProbePipesRequest,
    _skein_pipe_v1_ProbePipesResponse
  >;
  PullTrack: MethodDefinition<
    _skein_pipe_v1_PullTrackRequestInput,
    _skein_pipe_v1_TrackUpdateInput,
    _skein_pipe_v1_PullTrackRequest,
    _skein_pipe_v1_TrackUpdate
  >;
  ReleaseTrack: MethodDefinition<
    _skein_pipe_v1_ReleaseTrackRequestInput,
    _skein_pipe_v1_ReleaseTrackResponseInput,
    _skein_pipe_v1_ReleaseTrackRequest,
    _skein_pipe_v1_ReleaseTrackResponse
  >;
}
