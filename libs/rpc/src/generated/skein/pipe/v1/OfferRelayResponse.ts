// From proto/skein/pipe/v1/pipe.proto

export interface OfferRelayResponseInput {
  routerId?: string;
}

export interface OfferRelayResponse {
  routerId: string;
}
