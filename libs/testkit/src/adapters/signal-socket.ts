/** A WebSocket as `SignalClient` needs it. */
export interface SignalSocket {
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

export interface SignalSocketEvents {
  onMessage(text: string): void;
  onClose(code: number, reason: string): void;
}

/** Opens a real WebSocket. Rejects when the connection is refused. */
export function openSignalSocket(url: string, events: SignalSocketEvents): Promise<SignalSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject(new Error(`could not connect to ${url}`));
    socket.onmessage = ({ data }) => events.onMessage(String(data));
    socket.onclose = ({ code, reason }) => events.onClose(code, reason);
  });
}
