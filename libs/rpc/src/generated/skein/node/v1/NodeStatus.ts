// From proto/skein/node/v1/node.proto

import type {
  WorkerInput as _skein_node_v1_WorkerInput,
  Worker as _skein_node_v1_Worker,
} from '../../../skein/node/v1/Worker.ts';
import type {
  MediaCountsInput as _skein_node_v1_MediaCountsInput,
  MediaCounts as _skein_node_v1_MediaCounts,
} from '../../../skein/node/v1/MediaCounts.ts';

export interface NodeStatusInput {
  nodeId?: string;
  workers?: _skein_node_v1_WorkerInput[];
  /**
   * Totals over all rooms, for finding leaks: all zero on a node without sessions.
   */
  counts?: _skein_node_v1_MediaCountsInput | null;
}

export interface NodeStatus {
  nodeId: string;
  workers: _skein_node_v1_Worker[];
  /**
   * Totals over all rooms, for finding leaks: all zero on a node without sessions.
   */
  counts: _skein_node_v1_MediaCounts | null;
}
