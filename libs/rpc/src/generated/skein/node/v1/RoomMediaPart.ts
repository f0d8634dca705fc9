// From proto/skein/node/v1/node.proto

import type {
  RoomMediaInput as _skein_node_v1_RoomMediaInput,
  RoomMedia as _skein_node_v1_RoomMedia,
} from '../../../skein/node/v1/RoomMedia.ts';

export interface RoomMediaPartInput {
  /**
   * Room, node and version are equal in all parts; append the lists.
   */
  media?: _skein_node_v1_RoomMediaInput | null;
  /**
   * The first session, or the first pipe in a part without sessions, continues the last one of the part before.
   */
  continues?: boolean;
}

export interface RoomMediaPart {
  /**
   * Room, node and version are equal in all parts; append the lists.
   */
  media: _skein_node_v1_RoomMedia | null;
  /**
   * The first session, or the first pipe in a part without sessions, continues the last one of the part before.
   */
  continues: boolean;
}
