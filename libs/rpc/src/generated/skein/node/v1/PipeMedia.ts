// From proto/skein/node/v1/node.proto

// From proto/skein/node/v1/node.proto

export const _skein_node_v1_PipeMedia_Kind = {
  KIND_UNSPECIFIED: 'KIND_UNSPECIFIED',
  /**
   * To another node, SRTP.
   */
  NODE: 'NODE',
  /**
   * Between two workers of one node, plain.
   */
  WORKER: 'WORKER',
} as const;

export type _skein_node_v1_PipeMedia_KindInput =
  | 'KIND_UNSPECIFIED'
  | 0
  /**
   * To another node, SRTP.
   */
  | 'NODE'
  | 1
  /**
   * Between two workers of one node, plain.
   */
  | 'WORKER'
  | 2;

export type _skein_node_v1_PipeMedia_Kind =
  (typeof _skein_node_v1_PipeMedia_Kind)[keyof typeof _skein_node_v1_PipeMedia_Kind];

export interface PipeMediaInput {
  kind?: _skein_node_v1_PipeMedia_KindInput;
  localRouterId?: string;
  peerNodeId?: string;
  peerRouterId?: string;
  /**
   * What crosses it, one entry per copy: an id that stands here twice is a bug. A track id alone is what the room's state
   * shows; `ID@EPOCH` is an earlier epoch, still received while its participant moves.
   */
  tracksIn?: string[];
  tracksOut?: string[];
}

export interface PipeMedia {
  kind: _skein_node_v1_PipeMedia_Kind;
  localRouterId: string;
  peerNodeId: string;
  peerRouterId: string;
  /**
   * What crosses it, one entry per copy: an id that stands here twice is a bug. A track id alone is what the room's state
   * shows; `ID@EPOCH` is an earlier epoch, still received while its participant moves.
   */
  tracksIn: string[];
  tracksOut: string[];
}
