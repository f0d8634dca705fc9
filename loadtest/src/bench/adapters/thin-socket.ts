import { connect, type Socket } from 'node:net';
import { encodeFrame, FrameReader, opcodes, type Frame } from './frames.ts';

export interface ThinSocketOptions {
  readonly port: number;
  /** Default `/`. */
  readonly path?: string;
  /** One of 127.0.0.0/8: each has ports of its own, so that more sockets than ports can be open. Default 127.0.0.1. */
  readonly localAddress?: string | undefined;
  readonly onText: (text: string) => void;
  readonly onClosed: () => void;
}

/** A WebSocket client of few kilobytes, for thousands of them in one process. Answers pings. */
export interface ThinSocket {
  send(text: string): void;
  /** Cuts the connection, with a close frame before. Safe to repeat. */
  close(): void;
}

const HOST = '127.0.0.1';
/** Any 16 bytes do (RFC 6455 §4.1); what the server makes of them is not looked at. */
const KEY = Buffer.alloc(16).toString('base64');
const OPEN_DEADLINE_MS = 20_000;
const HEADERS_END = '\r\n\r\n';

/** Opens a WebSocket to this machine. Rejects when it is refused, or not there within 20 s. */
export function openThinSocket(options: ThinSocketOptions): Promise<ThinSocket> {
  const { port, path = '/', localAddress } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port, ...(localAddress !== undefined && { localAddress }) });
    socket.setNoDelay(true);
    const deadline = setTimeout(() => socket.destroy(new Error('no answer in time')), OPEN_DEADLINE_MS);
    socket.on('error', (error) => reject(new Error(`could not connect to port ${port}`, { cause: error })));
    socket.on('close', () => {
      clearTimeout(deadline);
      reject(new Error(`port ${port} closed the connection`));
    });
    let head = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(HEADERS_END);
      if (end < 0) return;
      clearTimeout(deadline);
      socket.off('data', onData);
      const status = head.subarray(0, head.indexOf('\r\n')).toString();
      if (!status.startsWith('HTTP/1.1 101')) {
        socket.destroy();
        reject(new Error(`port ${port} answered ${status}`));
        return;
      }
      resolve(opened(socket, head.subarray(end + HEADERS_END.length), options));
    };
    socket.on('data', onData);
    socket.on('connect', () => socket.write(upgradeRequest(path, port)));
  });
}

function upgradeRequest(path: string, port: number): string {
  const headers = { Host: `${HOST}:${port}`, Upgrade: 'websocket', Connection: 'Upgrade' };
  const webSocket = { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': KEY };
  const lines = Object.entries({ ...headers, ...webSocket }).map(([name, value]) => `${name}: ${value}`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}${HEADERS_END}`;
}

function opened(socket: Socket, early: Buffer, { onText, onClosed }: ThinSocketOptions): ThinSocket {
  const reader = new FrameReader();
  const receive = ({ opcode, payload }: Frame): void => {
    if (opcode === opcodes.text) onText(payload.toString());
    else if (opcode === opcodes.ping) socket.write(encodeFrame(opcodes.pong, payload.toString()));
    else if (opcode === opcodes.close) socket.end();
  };
  const read = (chunk: Buffer): void => reader.read(chunk).forEach(receive);
  socket.on('data', read);
  socket.on('close', onClosed);
  // The caller has its socket before the first message.
  queueMicrotask(() => read(early));
  return {
    send: (text) => void socket.write(encodeFrame(opcodes.text, text)),
    close: () => void socket.end(encodeFrame(opcodes.close, '')),
  };
}
