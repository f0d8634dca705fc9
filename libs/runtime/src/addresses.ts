import { isIP, isIPv6, SocketAddress } from 'node:net';

/** An address to listen on or to connect to. `host`: an IP address without brackets, or a host name. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

// RFC 1123 section 2.1. The last label is not all digits (RFC 3696 section 2): `1234` and `10.1` are mistyped addresses.
const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(String.raw`^(?=.{1,253}$)(?:${LABEL}\.)*(?!\d+\.?$)${LABEL}\.?$`, 'i');

/** An IPv4 or IPv6 address without brackets, port or zone. An IPv4-mapped one (`::ffff:192.0.2.1`) is rejected: it is an IPv4 address. */
export function isIpAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%') && !/^::ffff:/i.test(ipv6Text(text) ?? '');
}

/** An IP address or a DNS name. */
export function isHost(text: string): boolean {
  return isIpAddress(text) || HOST_NAME.test(text);
}

/** `undefined`: it is a host name. */
export function addressFamily(host: string): 'IPv4' | 'IPv6' | undefined {
  if (!isIpAddress(host)) return undefined;
  return isIPv6(host) ? 'IPv6' : 'IPv4';
}

/** `0.0.0.0` and `::`, however they are written: an address to listen on, never one to call. */
export function isUnspecified(host: string): boolean {
  const address = canonicalIp(host);
  return address === '0.0.0.0' || address === '::';
}

/** An address that only its own machine reaches: `127.0.0.0/8`, `::1`, `localhost`. */
export function isLoopback(host: string): boolean {
  const address = canonicalIp(host);
  return address === undefined
    ? /^(?:.+\.)?localhost\.?$/i.test(host)
    : address === '::1' || address.startsWith('127.');
}

/** An IPv6 address that is valid on one link only (RFC 4291 section 2.5.6): a peer cannot call it without knowing the link. */
export function isLinkLocal(host: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(host);
}

/** An IP address in its one canonical text (RFC 5952); `undefined` for other texts. Two texts of one address compare equal. */
export function canonicalIp(text: string): string | undefined {
  return isIpAddress(text) ? (ipv6Text(text) ?? text) : undefined;
}

function ipv6Text(text: string): string | undefined {
  if (!isIPv6(text)) return undefined;
  return new SocketAddress({ address: text.replace(/%.*$/, ''), family: 'ipv6' }).address;
}

/** `host:port`, with an IPv6 address in brackets (RFC 3986 section 3.2.2). */
export function hostPort(host: string, port: number): string {
  return `${bracketed(host)}:${port}`;
}

/** A host in a URL: an IPv6 address in brackets. */
export function bracketed(host: string): string {
  return addressFamily(host) === 'IPv6' ? `[${host}]` : host;
}

/** Reads `HOST:PORT`, `[IPV6]:PORT`, or the same without a port when there is a default. `undefined` for other texts. */
export function readHostPort(text: string, defaultPort?: number): HostPort | undefined {
  const [, inBrackets, bare, digits] = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = inBrackets ?? bare;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  const valid = inBrackets === undefined ? isHost(host) : addressFamily(host) === 'IPv6';
  return valid ? { host, port } : undefined;
}
