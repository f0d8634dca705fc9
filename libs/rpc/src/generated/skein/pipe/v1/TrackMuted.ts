// From proto/skein/pipe/v1/pipe.proto

export interface TrackMutedInput {
  muted?: boolean;
}

export interface TrackMuted {
  muted: boolean;
}
