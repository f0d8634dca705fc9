import type { Bus } from '@skein/bus';
import type { ClusterStore } from '@skein/cluster';
import type { RpcClients } from '@skein/rpc';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { GrpcAddress } from '../addresses/address-plan.ts';
import type { CapacityLimits } from '../capacity/limits.ts';
import type { LoadLimits } from '../load/used-share.ts';
import type { MediaEngine, PipeListen, WorkerOptions } from '../media/engine.ts';
import type { MigrationPolicy } from '../migrations/migration-plan.ts';
import type { PipePolicy } from '../pipes/model/pipe-policy.ts';
import type { WorkerPolicy } from '../workers/worker-choice.ts';

export interface MediaNodeConfig {
  readonly nodeId: string;
  readonly region: string;
  readonly version: string;
  readonly workers: number;
  readonly listen: WorkerOptions;
  readonly pipes: PipeListen;
  readonly grpc: GrpcAddress;
  readonly workerPolicy: WorkerPolicy;
  readonly loadLimits: LoadLimits;
  readonly capacityLimits: CapacityLimits;
  /** Default: `defaultPipePolicy`. */
  readonly pipePolicy?: PipePolicy;
  /** Deadline of a drain that does not name one. */
  readonly drainDeadlineMs: number;
  /** Default: `defaultMigrationPolicy`. */
  readonly migrationPolicy?: MigrationPolicy;
  /** How long an unused room keeps its routers. Default 1000. */
  readonly roomLingerMs?: number;
}

export interface MediaNodeDeps {
  readonly engine: MediaEngine;
  readonly bus: Bus;
  readonly store: Pick<ClusterStore, 'rooms' | 'nodes'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  /** Clients of other nodes. Default: direct gRPC connections. */
  readonly clients?: RpcClients;
}
