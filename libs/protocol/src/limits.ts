/** Bounds that client, gateway and node agree on. Changing one changes `docs/protocol.md`. */
export const limits = {
  /** Longest client message, bytes of UTF-8. */
  messageBytes: 64 * 1024,
  /** Longest room name and participant identity, characters. */
  idLength: 128,
  /** Longest display name and track name, characters. */
  nameLength: 128,
  /** Longest participant metadata, characters. */
  metadataLength: 4096,
  /** Longest client-made request id, characters. */
  requestIdLength: 64,
  /** Requests in flight per socket, and per session at its node. */
  requestsInFlight: 64,
  /** Tracks that one participant may publish. */
  tracksPerParticipant: 16,
  /** Transports that one session may have: one that sends and one that receives, or one for both. */
  transportsPerSession: 2,
  /** Subscriptions that one request may change. */
  subscriptionsPerRequest: 256,
  /** Addresses of gateways in one `welcome`. */
  gatewayUrls: 16,
  /** Longest address of a gateway, characters. */
  gatewayUrlLength: 512,
  /** Subscriptions in one answer of `open` or `subscribeMany`; the client requests the others. */
  subscriptionsPerAnswer: 96,
  /** Bytes of JSON for the subscriptions of one answer; a single subscription may exceed it. */
  subscriptionBytesPerAnswer: 144 * 1024,
  /** Bytes of JSON for a room's state in one message; `roomPage` returns the rest. */
  roomPageBytes: 128 * 1024,
  /**
   * Longest message between services over NATS, bytes with headers. Every message stays below it by construction. A
   * service does not start with a server whose `max_payload` is lower.
   */
  busMessageBytes: 256 * 1024,
  /** The gateway closes a socket that has not joined by then. */
  joinDeadlineMs: 10_000,
} as const;

/** The client protocol that this build speaks. */
export const PROTOCOL_VERSION = 1;
