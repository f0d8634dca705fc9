// From proto/skein/pipe/v1/pipe.proto

import type { Long } from '@grpc/proto-loader';

export interface PipeEndCountersInput {
  /**
   * False: this node no longer has such an end.
   */
  known?: boolean;
  /**
   * RTP and RTCP bytes since the end was created.
   */
  sentBytes?: number | string | Long;
  receivedBytes?: number | string | Long;
  /**
   * The worker of the end did not answer in time: the byte counters are unknown.
   */
  late?: boolean;
}

export interface PipeEndCounters {
  /**
   * False: this node no longer has such an end.
   */
  known: boolean;
  /**
   * RTP and RTCP bytes since the end was created.
   */
  sentBytes: number;
  receivedBytes: number;
  /**
   * The worker of the end did not answer in time: the byte counters are unknown.
   */
  late: boolean;
}
