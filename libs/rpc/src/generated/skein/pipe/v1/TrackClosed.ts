// From proto/skein/pipe/v1/pipe.proto

export interface TrackClosedInput {
  reason?: string;
}

export interface TrackClosed {
  reason: string;
}
