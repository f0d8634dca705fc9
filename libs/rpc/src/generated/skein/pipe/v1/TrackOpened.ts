// From proto/skein/pipe/v1/pipe.proto

export interface TrackOpenedInput {
  /**
   * `audio` or `video`.
   */
  kind?: string;
  /**
   * RTP parameters inside the pipe, as JSON in the schema `rtpParameters` of the client protocol.
   */
  rtpParametersJson?: string;
  muted?: boolean;
}

export interface TrackOpened {
  /**
   * `audio` or `video`.
   */
  kind: string;
  /**
   * RTP parameters inside the pipe, as JSON in the schema `rtpParameters` of the client protocol.
   */
  rtpParametersJson: string;
  muted: boolean;
}
