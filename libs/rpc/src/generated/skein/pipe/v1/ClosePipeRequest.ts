// From proto/skein/pipe/v1/pipe.proto

export interface ClosePipeRequestInput {
  room?: string;
  callerInstanceId?: string;
  calleeInstanceId?: string;
}

export interface ClosePipeRequest {
  room: string;
  callerInstanceId: string;
  calleeInstanceId: string;
}
