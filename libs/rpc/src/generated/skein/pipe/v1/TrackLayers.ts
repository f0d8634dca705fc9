// From proto/skein/pipe/v1/pipe.proto

/**
 * The highest layers that are sent, counted from 0: fewer than the track has while the pipe has no room for all, or
 * one on the way to the sender. All, until it is said.
 */
export interface TrackLayersInput {
  spatialLayer?: number;
  temporalLayer?: number;
}

/**
 * The highest layers that are sent, counted from 0: fewer than the track has while the pipe has no room for all, or
 * one on the way to the sender. All, until it is said.
 */
export interface TrackLayers {
  spatialLayer: number;
  temporalLayer: number;
}
