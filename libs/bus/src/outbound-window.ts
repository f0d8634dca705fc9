export const DEFAULT_WINDOW_BYTES = 16 * 1024 * 1024;
const CONFIRM_EVERY_BYTES = 512 * 1024;

/**
 * Bounds what was handed to the connection and not yet confirmed by the server, so that a server that hangs costs
 * bounded memory. Full: the newest message is refused. `confirm` is asked to resolve once the server has seen
 * everything sent so far, or to reject when the connection went, and with it what was queued.
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

  /** Whether a message of `bytes` may be sent now; counts it if so. To be followed by `sent`. */
  take(bytes: number): boolean {
    if (this.#unconfirmedBytes + bytes > this.#limitBytes) return false;
    this.#unconfirmedBytes += bytes;
    this.#sinceConfirmBytes += bytes;
    return true;
  }

  /** Asks for a confirmation when enough was sent since the last one was asked for. */
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
