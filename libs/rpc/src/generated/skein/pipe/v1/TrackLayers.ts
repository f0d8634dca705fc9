// From proto/skein/pipe/v1/pipe.proto

/**
 * The highest layers in the pipe, counted from 0: fewer than the track has while this pipe, or one between the sender and
 * the publisher, lacks the bandwidth for all. Until the first such message, all layers are sent.
 */
export interface TrackLayersInput {
  spatialLayer?: number;
  temporalLayer?: number;
}

/**
 * The highest layers in the pipe, counted from 0: fewer than the track has while this pipe, or one between the sender and
 * the publisher, lacks the bandwidth for all. Until the first such message, all layers are sent.
 */
export interface TrackLayers {
  spatialLayer: number;
  temporalLayer: number;
}
