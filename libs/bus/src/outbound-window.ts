export const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;
const CONFIRM_EVERY_BYTES = 512 * 1024;

/**
 * Bounds the bytes that the server has not confirmed yet, so that a server that hangs costs bounded memory. A full window
 * rejects the newest message. `confirm` resolves once the server has seen everything sent so far, and rejects when the
 * connection is lost together with its queue.
 */
export class OutboundWindow {
  readonly #limitBytes: number;
  readonly #confirm: () => Promise<void>;
  #unconfirmedBytes = 0;
  #sinceConfirmBytes = 0;

  constructor(confirm: () => Promise<void>, limitBytes = DEFAULT_WINDOW_BYTES) {
    this.#confirm = confirm;
    this.#limitBytes = limitBytes;
  }

  get unconfirmedBytes(): number {
    return this.#unconfirmedBytes;
  }

  /** Whether a message of `bytes` fits; counts it if so. Call `sent` afterwards. */
  take(bytes: number): boolean {
    if (this.#unconfirmedBytes + bytes > this.#limitBytes) return false;
    this.#unconfirmedBytes += bytes;
    this.#sinceConfirmBytes += bytes;
    return true;
  }

  /** Requests a confirmation when enough bytes were sent since the last request. */
  sent(): void {
    if (this.#sinceConfirmBytes < CONFIRM_EVERY_BYTES) return;
    const covered = this.#sinceConfirmBytes;
    this.#sinceConfirmBytes = 0;
    const settle = (): void => {
      this.#unconfirmedBytes -= covered;
    };
    this.#confirm().then(settle, settle);
  }
}
