import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NodeConnectionOptions, Server } from '@nats-io/transport-node';
import { addressFamily, hostPort } from '@skein/runtime';
import type { NatsServers } from './nats-servers.ts';

const CONNECT_TIMEOUT_MS = 2000;
/** A hanging server counts as lost after two unanswered pings; sooner when a request waits for it. */
const PING_INTERVAL_MS = 2000;
const MAX_PINGS_OUT = 2;

/** What the client does not report of a connection attempt. */
export interface Handshake {
  /** The server's certificate was accepted. One that asks for a certificate and gets none closes only after that (RFC 8446 section 4.4.2.4). */
  secured: boolean;
}

/** Servers, login and TLS as the client's options. */
export function connectionOptions(
  { servers, tls, authenticator }: NatsServers,
  name: string,
  reconnectDelayMs: () => number,
  handshake: Handshake = { secured: false },
): NodeConnectionOptions {
  return {
    servers: servers.map(({ host, port }) => hostPort(host, port)),
    name,
    ...(authenticator && { authenticator }),
    ...(tls && insistedTls(tls, handshake)),
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    // Otherwise each request creates two errors with stacks in advance: 40 % of its cost.
    noAsyncTraces: true,
    reconnectDelayHandler: reconnectDelayMs,
  };
}

/**
 * With `tls` set the client rejects a server without TLS (`checkOptions` in nats-core). It passes no server name for an IP
 * address, and Node.js would then expect "localhost" in the certificate (transport-node's `startTLS`), so the address is
 * recorded when the client picks it.
 */
function insistedTls(
  files: NonNullable<NatsServers['tls']>,
  handshake: Handshake,
): Partial<NodeConnectionOptions> {
  let called: Server | undefined;
  const tls = {
    ...(files.caFile !== undefined && { caFile: files.caFile }),
    ...(files.certFile !== undefined && { certFile: files.certFile }),
    ...(files.keyFile !== undefined && { keyFile: files.keyFile }),
    checkServerIdentity: (host: string, certificate: PeerCertificate) => {
      const byAddress = called !== undefined && called.tlsName === '' && addressFamily(called.hostname);
      const wrong = checkServerIdentity(byAddress && called ? called.hostname : host, certificate);
      handshake.secured = wrong === undefined;
      return wrong;
    },
  };
  return {
    tls,
    reconnectToServer: ([next]) => {
      called = next;
      handshake.secured = false;
      // The server that the client picked.
      return null;
    },
  };
}
