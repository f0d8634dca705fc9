// From proto/skein/pipe/v1/pipe.proto

export interface ReleaseTrackResponseInput {}

export interface ReleaseTrackResponse {}
