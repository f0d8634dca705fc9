import type { IceServer } from '@skein/protocol';
import { NotAllowed, readHostPort } from '@skein/runtime';

const MAX_SERVERS = 16;
const MAX_URLS = 16;
// libwebrtc refuses longer ones (`kTurnUsernameMaxLength`); RFC 8489 section 14.3 allows 508 bytes.
const MAX_USERNAME_BYTES = 508;

/** Common misspellings of the keys. */
const MEANT: Readonly<Record<string, string>> = {
  url: 'urls',
  uri: 'urls',
  uris: 'urls',
  user: 'username',
  userName: 'username',
  password: 'credential',
  pass: 'credential',
  secret: 'credential',
  credentials: 'credential',
};
const KEYS: readonly string[] = ['urls', 'username', 'credential'];

/**
 * Reads a list of `RTCIceServer` (WebRTC 1.0 section 4.2.3). Rejects every value for which a browser's `RTCPeerConnection`
 * throws, as no client could join with it. Throws a `NotAllowed` that names the entry and shows no credential.
 */
export function readIceServers(json: string): readonly IceServer[] {
  const list = parsed(json);
  if (!Array.isArray(list)) throw new NotAllowed('it is not an array');
  if (list.length > MAX_SERVERS) throw new NotAllowed(`it has more than ${MAX_SERVERS} entries`);
  return list.map((one, index) => readEntry(one, `entry ${index + 1}`));
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new NotAllowed('it is not JSON');
  }
}

function readEntry(given: unknown, which: string): IceServer {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new NotAllowed(`${which} is not an object`);
  const stranger = Object.keys(given).find((key) => !KEYS.includes(key));
  if (stranger !== undefined) {
    const meant = Object.hasOwn(MEANT, stranger) ? MEANT[stranger] : undefined;
    const hint = meant === undefined ? `an entry has ${KEYS.join(', ')}` : `did you mean "${meant}"?`;
    throw new NotAllowed(`${which} has the unknown key ${JSON.stringify(stranger)}; ${hint}`);
  }
  const server = serverOf(given, which);
  if (server.urls.length === 0) throw new NotAllowed(`${which} has no urls`);
  if (server.urls.length > MAX_URLS) throw new NotAllowed(`${which} has more than ${MAX_URLS} urls`);
  for (const url of server.urls) checkUrl(url, which);
  if (server.urls.some((url) => /^turns?:/i.test(url))) checkLogin(server, which);
  return server;
}

function serverOf(given: object, which: string): IceServer {
  const { urls, username, credential } = given as Readonly<Record<string, unknown>>;
  const list: unknown = typeof urls === 'string' ? [urls] : urls;
  if (!isTexts(list)) throw new NotAllowed(`${which}: urls is neither a string nor a list of strings`);
  if (!isOptionalText(username)) throw new NotAllowed(`${which}: username is not a string`);
  if (!isOptionalText(credential)) throw new NotAllowed(`${which}: credential is not a string`);
  return {
    urls: list,
    ...(username !== undefined && { username }),
    ...(credential !== undefined && { credential }),
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isOptionalText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

/** RFC 7064 section 3.1 and RFC 7065 section 3.1: `stun:host:port`, `turn:host:port?transport=udp`. */
function checkUrl(url: string, which: string): void {
  if (url.includes('@'))
    throw new NotAllowed(`${which} has a URL with an @; a login stands in username and credential`);
  const shown = JSON.stringify(url);
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  if (!/^(stun|turn)s?$/i.test(scheme))
    throw new NotAllowed(`${which}: ${shown} starts with none of stun:, stuns:, turn:, turns:`);
  if (rest.startsWith('//'))
    throw new NotAllowed(`${which}: ${shown} has // after its scheme; leave them out`);
  const [hostAndPort = '', ...query] = rest.split('?');
  if (!readHostPort(hostAndPort, 3478))
    throw new NotAllowed(`${which}: ${shown} is not ${scheme}:HOST or ${scheme}:HOST:PORT`);
  if (query.length === 0) return;
  if (/^stun/i.test(scheme)) throw new NotAllowed(`${which}: ${shown} has a ?, which stun: does not allow`);
  if (query.length > 1 || !/^transport=(udp|tcp)$/i.test(query[0] ?? ''))
    throw new NotAllowed(`${which}: ${shown} has a query other than ?transport=udp or ?transport=tcp`);
}

function checkLogin({ username = '', credential = '' }: IceServer, which: string): void {
  const missing = [...(username === '' ? ['username'] : []), ...(credential === '' ? ['credential'] : [])];
  if (missing.length > 0)
    throw new NotAllowed(`${which} has a turn: or turns: URL and no ${missing.join(' and no ')}`);
  if (Buffer.byteLength(username) > MAX_USERNAME_BYTES)
    throw new NotAllowed(`${which} has a username of more than ${MAX_USERNAME_BYTES} bytes`);
}
