import {
  App,
  type TemplatedApp,
  type us_listen_socket,
  us_listen_socket_close,
  us_socket_local_port,
  type WebSocketBehavior,
} from 'uWebSockets.js';
import type { HttpHead, HttpRouter, UpgradeDecision } from '../edges/web/http.ts';
import type { Broadcaster, Socket, SocketHandler } from '../edges/websocket/socket.ts';
import { headOf, respond, serve } from './uws-http.ts';
import { handleDropped, type SocketData, UwsSocket } from './uws-socket.ts';

export interface UwsServerOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** Bound of one socket's queue, in bytes. Default 1 MiB. */
  readonly maxBackpressureBytes?: number;
  readonly router: HttpRouter;
  /** Paths that accept WebSockets. */
  readonly socketPaths: readonly string[];
  /** Decides on an upgrade. Must not reject. */
  readonly upgrade: (head: HttpHead) => Promise<UpgradeDecision<(socket: Socket) => SocketHandler>>;
  /** A handler or a stream failed without a typed error. */
  readonly onError: (error: unknown) => void;
}

export interface UwsServer extends Broadcaster {
  readonly port: number;
  /** No new connections; the open ones stay. */
  stopListening(): void;
  /** Cuts all connections. */
  close(): void;
}

/** The server cannot listen on its address. The message is one line for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const MAX_BACKPRESSURE_BYTES = 1024 * 1024;
/**
 * uWebSockets closes a socket that sends more than this (1009). Well above the protocol's own limit, which is
 * answered with a typed error and does not cost the connection.
 */
const MAX_PAYLOAD_BYTES = 1024 * 1024;
/** The heartbeat detects silent peers; this frees sockets that were closed but whose peer never confirms it. */
const IDLE_TIMEOUT_S = 60;
/** Without it, the system lets several processes listen on one port. */
const EXCLUSIVE_PORT = 1;

type ExclusiveListen = (
  host: string,
  port: number,
  options: number,
  done: (socket: us_listen_socket | false) => void,
) => TemplatedApp;

/** Listens for HTTP and WebSocket. Fails with `ListenError`. */
export async function startUwsServer(options: UwsServerOptions): Promise<UwsServer> {
  const app = App();
  const behavior = webSocketBehavior(options);
  for (const path of options.socketPaths) app.ws(path, behavior);
  app.any('/*', (response, request) => serve(response, request, options));
  const listening = await listen(app, options);
  return {
    port: us_socket_local_port(listening),
    publish: (topic, text) => void app.publish(topic, text, false),
    stopListening: () => us_listen_socket_close(listening),
    close: () => void app.close(),
  };
}

function webSocketBehavior(options: UwsServerOptions): WebSocketBehavior<SocketData> {
  return {
    maxPayloadLength: MAX_PAYLOAD_BYTES,
    maxBackpressure: options.maxBackpressureBytes ?? MAX_BACKPRESSURE_BYTES,
    idleTimeout: IDLE_TIMEOUT_S,
    sendPingsAutomatically: false,
    upgrade: async (response, request, context) => {
      // The request is only valid until the first await.
      const head = headOf(request);
      const header = (name: string): string => head.headers.get(`sec-websocket-${name}`) ?? '';
      let isAborted = false;
      response.onAborted(() => (isAborted = true));
      const decision = await options.upgrade(head);
      if (decision.kind === 'refused') {
        if (!isAborted) response.cork(() => respond(response, head, decision.response));
        return;
      }
      if (isAborted) return decision.abandon();
      const data: SocketData = { open: decision.open, handler: undefined, socket: undefined };
      response.cork(() => {
        response.upgrade(data, header('key'), header('protocol'), header('extensions'), context);
      });
    },
    open: (ws) => {
      const data = ws.getUserData();
      data.socket = new UwsSocket(ws);
      data.handler = data.open?.(data.socket);
      data.open = undefined;
    },
    message: (ws, bytes, isBinary) => ws.getUserData().handler?.receive(bytes, isBinary),
    ping: (ws) => ws.getUserData().handler?.handleHeartbeat(),
    pong: (ws) => ws.getUserData().handler?.handleHeartbeat(),
    dropped: (ws) => handleDropped(ws.getUserData()),
    drain: (ws) => {
      if (ws.getBufferedAmount() === 0) ws.getUserData().handler?.handleDrain();
    },
    close: (ws, code) => {
      const { socket, handler } = ws.getUserData();
      socket?.detach();
      handler?.handleClosed(code);
    },
  };
}

function listen(app: TemplatedApp, { host, port }: UwsServerOptions): Promise<us_listen_socket> {
  return new Promise((resolve, reject) => {
    (app.listen as unknown as ExclusiveListen).call(app, host, port, EXCLUSIVE_PORT, (socket) => {
      if (socket) resolve(socket);
      else reject(new ListenError(`cannot listen on ${host} port ${port}: address in use or not local`));
    });
  });
}
