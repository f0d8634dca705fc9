// From proto/skein/node/v1/node.proto

// From proto/skein/node/v1/node.proto

export const _skein_node_v1_PipeMedia_Kind = {
  KIND_UNSPECIFIED: 'KIND_UNSPECIFIED',
  /**
   * To another node, over SRTP.
   */
  NODE: 'NODE',
  /**
   * Between two workers of one node, over plain RTP.
   */
  WORKER: 'WORKER',
} as const;

export type _skein_node_v1_PipeMedia_KindInput =
  | 'KIND_UNSPECIFIED'
  | 0
  /**
   * To another node, over SRTP.
   */
  | 'NODE'
  | 1
  /**
   * Between two workers of one node, over plain RTP.
   */
  | 'WORKER'
  | 2;

export type _skein_node_v1_PipeMedia_Kind =
  (typeof _skein_node_v1_PipeMedia_Kind)[keyof typeof _skein_node_v1_PipeMedia_Kind];

/**
 * One end of a pipe on this node.
 */
export interface PipeMediaInput {
  kind?: _skein_node_v1_PipeMedia_KindInput;
  localRouterId?: string;
  peerNodeId?: string;
  peerRouterId?: string;
  /**
   * The tracks in the pipe, one entry per copy: a duplicate id is a bug. A plain track id is the publication in the room's
   * state; `ID@EPOCH` is one of an earlier epoch, which is still received while its participant migrates.
   */
  tracksIn?: string[];
  tracksOut?: string[];
}

/**
 * One end of a pipe on this node.
 */
export interface PipeMedia {
  kind: _skein_node_v1_PipeMedia_Kind;
  localRouterId: string;
  peerNodeId: string;
  peerRouterId: string;
  /**
   * The tracks in the pipe, one entry per copy: a duplicate id is a bug. A plain track id is the publication in the room's
   * state; `ID@EPOCH` is one of an earlier epoch, which is still received while its participant migrates.
   */
  tracksIn: string[];
  tracksOut: string[];
}
