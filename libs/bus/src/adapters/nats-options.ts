import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { NodeConnectionOptions, Server } from '@nats-io/transport-node';
import { addressFamily, hostPort } from '@skein/runtime';
import type { NatsServers } from './nats-servers.ts';

const CONNECT_TIMEOUT_MS = 2000;
/** A server that hangs is left after two pings without an answer; sooner when something waits for it. */
const PING_INTERVAL_MS = 2000;
const MAX_PINGS_OUT = 2;

/** What the client does not tell of a connection that it makes. */
export interface Handshake {
  /** The server's certificate was accepted. One that asks for a certificate and gets none closes only after that (RFC 8446 section 4.4.2.4). */
  secured: boolean;
}

/** Where to connect, how to log in, and whether to insist on TLS, as the client takes it. */
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
    // Else each request makes two errors, stacks and all, in case that it fails: 40 % of what a request costs.
    noAsyncTraces: true,
    reconnectDelayHandler: reconnectDelayMs,
  };
}

/**
 * With `tls` set the client leaves a server that offers no TLS (`checkOptions` in nats-core). It names a server that is
 * called by its IP address to nobody, and Node.js would then look for "localhost" in the certificate (transport-node's
 * `startTLS`): so the address is noted when the client chooses it.
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
      // Whatever the client has chosen.
      return null;
    },
  };
}
