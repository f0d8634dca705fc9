// From proto/skein/control/v1/control.proto

import type { Long } from '@grpc/proto-loader';

export interface NodeInput {
  nodeId?: string;
  region?: string;
  /**
   * `ready` or `draining`.
   */
  state?: string;
  grpcAddress?: string;
  version?: string;
  workers?: number;
  sessions?: number;
  packetsPerSecond?: number | string;
  /**
   * 1 is one core.
   */
  busiestWorkerCpu?: number | string;
  /**
   * Share of the capacity in use; 1 is full.
   */
  used?: number | string;
  startedAtMs?: number | string | Long;
  /**
   * Milliseconds since the last renewal of its lease.
   */
  leaseAgeMs?: number | string | Long;
}

export interface Node {
  nodeId: string;
  region: string;
  /**
   * `ready` or `draining`.
   */
  state: string;
  grpcAddress: string;
  version: string;
  workers: number;
  sessions: number;
  packetsPerSecond: number;
  /**
   * 1 is one core.
   */
  busiestWorkerCpu: number;
  /**
   * Share of the capacity in use; 1 is full.
   */
  used: number;
  startedAtMs: number;
  /**
   * Milliseconds since the last renewal of its lease.
   */
  leaseAgeMs: number;
}
