// From proto/skein/pipe/v1/pipe.proto

export interface SrtpParametersInput {
  /**
   * Such as AEAD_AES_256_GCM.
   */
  cryptoSuite?: string;
  keyBase64?: string;
}

export interface SrtpParameters {
  /**
   * Such as AEAD_AES_256_GCM.
   */
  cryptoSuite: string;
  keyBase64: string;
}
