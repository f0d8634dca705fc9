const DEADLINE_MS = 20_000;

/** What V8 holds of a process. */
export interface HeapUsage {
  readonly usedBytes: number;
  /** Array buffers, outside the heap. */
  readonly bufferBytes: number;
}

interface Reply {
  readonly id?: number;
  readonly result?: { readonly usedSize?: number; readonly backingStorageSize?: number };
  readonly error?: { readonly message: string };
}

/** Talks to the inspector of a process that was started with `--inspect=127.0.0.1:PORT` (Chrome DevTools protocol). */
export class HeapInspector implements Disposable {
  readonly #socket: WebSocket;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static async connect(port: number): Promise<HeapInspector> {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const targets = (await (
      await fetch(`http://127.0.0.1:${port}/json/list`, { signal })
    ).json()) as readonly {
      readonly webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(targets[0]?.webSocketDebuggerUrl ?? '');
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error(`the inspector at port ${port} cannot be reached`));
    });
    return new HeapInspector(socket);
  }

  /** Has everything collected that is garbage. */
  async collectGarbage(): Promise<void> {
    await this.#call('HeapProfiler.collectGarbage');
  }

  async usage(): Promise<HeapUsage> {
    const { usedSize = 0, backingStorageSize = 0 } = await this.#call('Runtime.getHeapUsage');
    return { usedBytes: usedSize, bufferBytes: backingStorageSize };
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async #call(method: string): Promise<NonNullable<Reply['result']>> {
    const id = ++this.#lastId;
    const signal = AbortSignal.timeout(DEADLINE_MS);
    return await new Promise((resolve, reject) => {
      signal.onabort = () => reject(new Error(`the inspector did not answer ${method}`));
      this.#socket.addEventListener('message', ({ data }) => {
        const reply = JSON.parse(String(data)) as Reply;
        if (reply.id !== id) return;
        if (reply.error) reject(new Error(`${method}: ${reply.error.message}`));
        else resolve(reply.result ?? {});
      });
      this.#socket.send(JSON.stringify({ id, method }));
    });
  }
}
