// From proto/skein/pipe/v1/pipe.proto

import type {
  SrtpParametersInput as _skein_pipe_v1_SrtpParametersInput,
  SrtpParameters as _skein_pipe_v1_SrtpParameters,
} from '../../../skein/pipe/v1/SrtpParameters.ts';

/**
 * One end of a pipe: a mediasoup PipeTransport.
 */
export interface PipeEndInput {
  nodeId?: string;
  routerId?: string;
  /**
   * Unique per end: a new end after a restart has another id.
   */
  instanceId?: string;
  ip?: string;
  port?: number;
  srtp?: _skein_pipe_v1_SrtpParametersInput | null;
}

/**
 * One end of a pipe: a mediasoup PipeTransport.
 */
export interface PipeEnd {
  nodeId: string;
  routerId: string;
  /**
   * Unique per end: a new end after a restart has another id.
   */
  instanceId: string;
  ip: string;
  port: number;
  srtp: _skein_pipe_v1_SrtpParameters | null;
}
