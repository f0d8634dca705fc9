// From proto/skein/pipe/v1/pipe.proto

export interface OfferRelayResponseInput {
  /**
   * The relay's router of the room.
   */
  routerId?: string;
}

export interface OfferRelayResponse {
  /**
   * The relay's router of the room.
   */
  routerId: string;
}
