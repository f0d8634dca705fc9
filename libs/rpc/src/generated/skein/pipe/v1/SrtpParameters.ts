// From proto/skein/pipe/v1/pipe.proto

/**
 * Key for the packets that this end sends (RFC 3711).
 */
export interface SrtpParametersInput {
  /**
   * For example AEAD_AES_256_GCM.
   */
  cryptoSuite?: string;
  keyBase64?: string;
}

/**
 * Key for the packets that this end sends (RFC 3711).
 */
export interface SrtpParameters {
  /**
   * For example AEAD_AES_256_GCM.
   */
  cryptoSuite: string;
  keyBase64: string;
}
