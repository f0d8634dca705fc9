// From proto/skein/node/v1/node.proto

import type {
  SubscriptionMediaInput as _skein_node_v1_SubscriptionMediaInput,
  SubscriptionMedia as _skein_node_v1_SubscriptionMedia,
} from '../../../skein/node/v1/SubscriptionMedia.ts';
import type { Long } from '@grpc/proto-loader';

/**
 * The tracks and subscriptions of one session.
 */
export interface SessionMediaInput {
  sessionId?: string;
  identity?: string;
  epoch?: number | string | Long;
  routerId?: string;
  trackIds?: string[];
  subscriptions?: _skein_node_v1_SubscriptionMediaInput[];
}

/**
 * The tracks and subscriptions of one session.
 */
export interface SessionMedia {
  sessionId: string;
  identity: string;
  epoch: number;
  routerId: string;
  trackIds: string[];
  subscriptions: _skein_node_v1_SubscriptionMedia[];
}
