// From proto/skein/pipe/v1/pipe.proto

export interface OfferRelayRequestInput {
  room?: string;
  /**
   * Whom the caller cannot reach.
   */
  originNodeId?: string;
}

export interface OfferRelayRequest {
  room: string;
  /**
   * Whom the caller cannot reach.
   */
  originNodeId: string;
}
