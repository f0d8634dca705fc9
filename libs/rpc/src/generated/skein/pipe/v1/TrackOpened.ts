// From proto/skein/pipe/v1/pipe.proto

export interface TrackOpenedInput {
  /**
   * audio or video
   */
  kind?: string;
  /**
   * RTP parameters inside the pipe, as the JSON of the client protocol's `rtpParameters`, which is where their
   * one schema lives.
   */
  rtpParametersJson?: string;
  muted?: boolean;
}

export interface TrackOpened {
  /**
   * audio or video
   */
  kind: string;
  /**
   * RTP parameters inside the pipe, as the JSON of the client protocol's `rtpParameters`, which is where their
   * one schema lives.
   */
  rtpParametersJson: string;
  muted: boolean;
}
