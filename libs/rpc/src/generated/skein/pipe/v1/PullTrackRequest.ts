// From proto/skein/pipe/v1/pipe.proto

export interface PullTrackRequestInput {
  room?: string;
  trackId?: string;
  /**
   * Both ends, as OpenPipe gave them: the caller's and this node's.
   */
  callerInstanceId?: string;
  calleeInstanceId?: string;
}

export interface PullTrackRequest {
  room: string;
  trackId: string;
  /**
   * Both ends, as OpenPipe gave them: the caller's and this node's.
   */
  callerInstanceId: string;
  calleeInstanceId: string;
}
