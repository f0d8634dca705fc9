import { STATUS_CODES } from 'node:http';
import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js';
import type {
  HttpRequest,
  HttpResponse,
  TemplatedApp,
  us_listen_socket,
  WebSocket,
  WebSocketBehavior,
} from 'uWebSockets.js';
import type { Broadcaster, Socket } from '../edges/websocket/socket.ts';
import { answerFull, SIGNAL_PATH } from '../edges/web/routes.ts';
import type { HttpAnswer, HttpRequestHead } from '../edges/web/routes.ts';

/** What the server tells about one socket. */
export interface SocketHandler {
  /** `bytes` is only valid during the call. */
  receive(bytes: ArrayBuffer, isBinary: boolean): void;
  /** A pong, or a ping of the client's. */
  heard(): void;
  /** A message was dropped because `maxBackpressureBytes` were queued already. Told once. */
  handleOverflow(): void;
  /** Nothing is queued any more. */
  handleDrain(): void;
  /** `code`: the client's close code; 1006 when the connection was lost without one. */
  handleClosed(code: number): void;
}

export interface WebServerOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** WebSocket connections at once; one more is answered with 503. */
  readonly maxConnections: number;
  /** What may be queued for one socket, in bytes. Default 1 MiB. */
  readonly maxBackpressureBytes?: number;
  readonly handleHttp: (request: HttpRequestHead) => HttpAnswer;
  readonly handleSocket: (socket: Socket) => SocketHandler;
}

export interface WebServer extends Broadcaster {
  readonly port: number;
  /** No new connections; those there stay. */
  stopListening(): void;
  /** Cuts whatever is left. */
  close(): void;
}

/** The address can't be listened on. Its message is one line for whoever starts the gateway. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const MAX_BACKPRESSURE_BYTES = 1024 * 1024;
/**
 * uWebSockets closes a socket that sends more than this (1009). Well above the protocol's own limit, which is
 * answered with a typed error and does not cost the connection.
 */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** The heartbeat finds silent peers; this frees sockets that were closed but whose peer never says goodbye. */
const IDLE_TIMEOUT_S = 60;
/** Without it, the system lets several processes listen on one port. */
const EXCLUSIVE_PORT = 1;

type ExclusiveListen = (
  host: string,
  port: number,
  options: number,
  done: (socket: us_listen_socket | false) => void,
) => TemplatedApp;

interface UserData {
  handler: SocketHandler | undefined;
  socket: UwsSocket | undefined;
}

/** Listens for HTTP and WebSocket. Fails with `ListenError`. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  const app = App();
  let connections = 0;
  const signaling: WebSocketBehavior<UserData> = {
    maxPayloadLength: MAX_PAYLOAD_BYTES,
    maxBackpressure: options.maxBackpressureBytes ?? MAX_BACKPRESSURE_BYTES,
    idleTimeout: IDLE_TIMEOUT_S,
    sendPingsAutomatically: false,
    upgrade: (response, request, context) => {
      if (connections >= options.maxConnections) return respond(response, answerFull());
      const header = (name: string): string => request.getHeader(`sec-websocket-${name}`);
      const data: UserData = { handler: undefined, socket: undefined };
      response.upgrade(data, header('key'), header('protocol'), header('extensions'), context);
    },
    open: (ws) => {
      connections++;
      const data = ws.getUserData();
      data.socket = new UwsSocket(ws);
      data.handler = options.handleSocket(data.socket);
    },
    message: (ws, bytes, isBinary) => ws.getUserData().handler?.receive(bytes, isBinary),
    ping: (ws) => ws.getUserData().handler?.heard(),
    pong: (ws) => ws.getUserData().handler?.heard(),
    dropped: (ws) => handleDropped(ws.getUserData()),
    drain: (ws) => {
      if (ws.getBufferedAmount() === 0) ws.getUserData().handler?.handleDrain();
    },
    close: (ws, code) => {
      connections--;
      const { socket, handler } = ws.getUserData();
      socket?.detach();
      handler?.handleClosed(code);
    },
  };
  app.ws(SIGNAL_PATH, signaling);
  app.ws(`${SIGNAL_PATH}/`, signaling);
  app.any('/*', (response, request) => respond(response, options.handleHttp(headOf(request))));
  const listening = await listen(app, options);
  return {
    port: us_socket_local_port(listening),
    publish: (topic, text) => void app.publish(topic, text, false),
    stopListening: () => us_listen_socket_close(listening),
    close: () => void app.close(),
  };
}

function listen(app: TemplatedApp, { host, port }: WebServerOptions): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    (app.listen as unknown as ExclusiveListen).call(app, host, port, EXCLUSIVE_PORT, (socket) => {
      if (socket) resolve(socket);
      else
        reject(new ListenError(`port ${port} cannot be had: it is taken, or the host is not this machine's`));
    });
  });
}

/** Called while the server walks its list of subscribers, which must not change meanwhile; so the news waits a turn. */
function handleDropped({ socket, handler }: UserData): void {
  if (!socket || socket.overflowed) return;
  socket.overflowed = true;
  setImmediate(() => {
    if (socket.isDetached) return;
    handler?.handleOverflow();
    if (socket.bufferedBytes === 0) handler?.handleDrain();
  });
}

/** uWebSockets throws when a socket is used after its close event; this one does nothing then. */
class UwsSocket implements Socket {
  overflowed = false;
  #ws: WebSocket<UserData> | undefined;

  constructor(ws: WebSocket<UserData>) {
    this.#ws = ws;
  }

  get isDetached(): boolean {
    return this.#ws === undefined;
  }

  get bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }

  detach(): void {
    this.#ws = undefined;
  }

  send(text: string): void {
    this.#ws?.send(text, false);
  }

  subscribe(topic: string): void {
    this.#ws?.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this.#ws?.unsubscribe(topic);
  }

  ping(): void {
    this.#ws?.ping();
  }

  close(code: number, reason: string): void {
    this.#ws?.end(code, reason);
  }

  terminate(): void {
    this.#ws?.close();
  }
}

function headOf(request: HttpRequest): HttpRequestHead {
  return {
    method: request.getCaseSensitiveMethod().toUpperCase(),
    path: request.getUrl(),
    ifNoneMatch: request.getHeader('if-none-match'),
  };
}

function respond(response: HttpResponse, { status, headers, body, headOnly }: HttpAnswer): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
  for (const [name, value] of headers) response.writeHeader(name, value);
  // With a length as its argument, `endWithoutBody` of this version of uWebSockets ends the process.
  if (status === 304) response.endWithoutBody();
  else if (headOnly) response.writeHeader('content-length', String(Buffer.byteLength(body))).endWithoutBody();
  else response.end(body);
}
