// From proto/skein/node/v1/node.proto

export interface SubscriptionMediaInput {
  subscriptionId?: string;
  trackId?: string;
  paused?: boolean;
}

export interface SubscriptionMedia {
  subscriptionId: string;
  trackId: string;
  paused: boolean;
}
