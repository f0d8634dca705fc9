// From proto/skein/pipe/v1/pipe.proto

import type {
  SrtpParametersInput as _skein_pipe_v1_SrtpParametersInput,
  SrtpParameters as _skein_pipe_v1_SrtpParameters,
} from '../../../skein/pipe/v1/SrtpParameters.ts';

export interface PipeEndInput {
  nodeId?: string;
  routerId?: string;
  /**
   * Names this very end; a new end after a restart has another one.
   */
  instanceId?: string;
  ip?: string;
  port?: number;
  srtp?: _skein_pipe_v1_SrtpParametersInput | null;
}

export interface PipeEnd {
  nodeId: string;
  routerId: string;
  /**
   * Names this very end; a new end after a restart has another one.
   */
  instanceId: string;
  ip: string;
  port: number;
  srtp: _skein_pipe_v1_SrtpParameters | null;
}
