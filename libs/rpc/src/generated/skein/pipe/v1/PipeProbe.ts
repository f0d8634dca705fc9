// From proto/skein/pipe/v1/pipe.proto

export interface PipeProbeInput {
  room?: string;
  callerInstanceId?: string;
  calleeInstanceId?: string;
}

export interface PipeProbe {
  room: string;
  callerInstanceId: string;
  calleeInstanceId: string;
}
