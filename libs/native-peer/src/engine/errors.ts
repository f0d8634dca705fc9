/** What can go wrong with a peer, beside the gateway's own codes (`docs/errors.md`). */
export type PeerErrorCode =
  /** A code of the protocol or of the signaling client, such as `ROOM_FULL`, `GATEWAY_UNREACHABLE`. */
  | (string & {})
  /** ICE or DTLS did not come up, or broke. */
  | 'MEDIA_FAILED'
  /** The process that held the peer has ended. */
  | 'PROCESS_DIED'
  /** No peer of this id. */
  | 'NO_SUCH_PEER';

export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  static from(thrown: unknown): PeerError {
    if (thrown instanceof PeerError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'MEDIA_FAILED';
    return new PeerError(code, message, { cause: thrown });
  }
}
