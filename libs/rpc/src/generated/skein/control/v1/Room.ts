// From proto/skein/control/v1/control.proto

import type {
  ParticipantInput as _skein_control_v1_ParticipantInput,
  Participant as _skein_control_v1_Participant,
} from '../../../skein/control/v1/Participant.ts';
import type {
  TrackInput as _skein_control_v1_TrackInput,
  Track as _skein_control_v1_Track,
} from '../../../skein/control/v1/Track.ts';
import type {
  PipeInput as _skein_control_v1_PipeInput,
  Pipe as _skein_control_v1_Pipe,
} from '../../../skein/control/v1/Pipe.ts';
import type { Long } from '@grpc/proto-loader';

export interface RoomInput {
  room?: string;
  version?: number | string | Long;
  participants?: _skein_control_v1_ParticipantInput[];
  tracks?: _skein_control_v1_TrackInput[];
  pipes?: _skein_control_v1_PipeInput[];
  /**
   * Nodes of the room that did not answer in time; their pipes are missing.
   */
  silentNodeIds?: string[];
  /**
   * Members that only subscribe; not counted as participants.
   */
  viewers?: number;
}

export interface Room {
  room: string;
  version: number;
  participants: _skein_control_v1_Participant[];
  tracks: _skein_control_v1_Track[];
  pipes: _skein_control_v1_Pipe[];
  /**
   * Nodes of the room that did not answer in time; their pipes are missing.
   */
  silentNodeIds: string[];
  /**
   * Members that only subscribe; not counted as participants.
   */
  viewers: number;
}
