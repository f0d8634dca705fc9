// From proto/skein/pipe/v1/pipe.proto

import type { Long } from '@grpc/proto-loader';

export interface ReleaseTrackRequestInput {
  room?: string;
  trackId?: string;
  epoch?: number | string | Long;
  calleeInstanceId?: string;
  pullId?: string;
}

export interface ReleaseTrackRequest {
  room: string;
  trackId: string;
  epoch: number;
  calleeInstanceId: string;
  pullId: string;
}
