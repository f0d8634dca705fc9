// From proto/skein/pipe/v1/pipe.proto

import type {
  TrackOpenedInput as _skein_pipe_v1_TrackOpenedInput,
  TrackOpened as _skein_pipe_v1_TrackOpened,
} from '../../../skein/pipe/v1/TrackOpened.ts';
import type {
  TrackMutedInput as _skein_pipe_v1_TrackMutedInput,
  TrackMuted as _skein_pipe_v1_TrackMuted,
} from '../../../skein/pipe/v1/TrackMuted.ts';
import type {
  TrackClosedInput as _skein_pipe_v1_TrackClosedInput,
  TrackClosed as _skein_pipe_v1_TrackClosed,
} from '../../../skein/pipe/v1/TrackClosed.ts';
import type {
  TrackLayersInput as _skein_pipe_v1_TrackLayersInput,
  TrackLayers as _skein_pipe_v1_TrackLayers,
} from '../../../skein/pipe/v1/TrackLayers.ts';

/**
 * One change of a pulled track.
 */
export interface TrackUpdateInput {
  opened?: _skein_pipe_v1_TrackOpenedInput | null;
  muted?: _skein_pipe_v1_TrackMutedInput | null;
  closed?: _skein_pipe_v1_TrackClosedInput | null;
  layers?: _skein_pipe_v1_TrackLayersInput | null;
  update?: 'opened' | 'muted' | 'closed' | 'layers';
}

/**
 * One change of a pulled track.
 */
export interface TrackUpdate {
  opened?: _skein_pipe_v1_TrackOpened | null;
  muted?: _skein_pipe_v1_TrackMuted | null;
  closed?: _skein_pipe_v1_TrackClosed | null;
  layers?: _skein_pipe_v1_TrackLayers | null;
  update?: 'opened' | 'muted' | 'closed' | 'layers';
}
