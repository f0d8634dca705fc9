// From proto/skein/pipe/v1/pipe.proto

import type { Long } from '@grpc/proto-loader';

export interface PipeEndCountersInput {
  /**
   * False: this node has no such end any more.
   */
  known?: boolean;
  /**
   * Bytes since the end was made, RTP and RTCP.
   */
  sentBytes?: number | string | Long;
  receivedBytes?: number | string | Long;
  /**
   * The worker that has the end did not say in time: the bytes are not known.
   */
  late?: boolean;
}

export interface PipeEndCounters {
  /**
   * False: this node has no such end any more.
   */
  known: boolean;
  /**
   * Bytes since the end was made, RTP and RTCP.
   */
  sentBytes: number;
  receivedBytes: number;
  /**
   * The worker that has the end did not say in time: the bytes are not known.
   */
  late: boolean;
}
