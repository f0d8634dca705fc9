import { limits } from '@skein/protocol';
import { isUnspecified, NotAllowed } from '@skein/runtime';

/**
 * Reads the public URLs of gateways, separated by commas. Throws a `NotAllowed` that names the entry: an address that cannot
 * work costs a client time just when its own gateway is gone.
 */
export function readGatewayUrls(text: string): readonly string[] {
  const entries = text === '' ? [] : text.split(',').map((entry) => entry.trim());
  if (entries.length > limits.gatewayUrls)
    throw new NotAllowed(`it has more than ${limits.gatewayUrls} entries`);
  const urls = entries.map(readEntry);
  const repeated = urls.find((url, index) => urls.indexOf(url) !== index);
  if (repeated !== undefined) throw new NotAllowed(`${repeated} is in the list twice`);
  return urls;
}

function readEntry(text: string): string {
  const shown = JSON.stringify(text);
  if (text === '') throw new NotAllowed('an entry of the list is empty');
  if (text.length > limits.gatewayUrlLength)
    throw new NotAllowed(`an entry has more than ${limits.gatewayUrlLength} characters`);
  if (!/^(http|ws)s?:\/\//i.test(text) || !URL.canParse(text))
    throw new NotAllowed(`${shown} is not a URL that starts with https://, http://, wss:// or ws://`);
  const url = new URL(text);
  // Not shown: it may be a password.
  if (url.username !== '' || url.password !== '')
    throw new NotAllowed('an entry has a login, which clients would receive');
  if (url.search !== '' || url.hash !== '') throw new NotAllowed(`${shown} has a ? or a #`);
  if (isUnspecified(url.hostname.replace(/^\[|\]$/g, '')))
    throw new NotAllowed(`${shown} is not an address that clients can reach; give the one in its browser`);
  return url.href;
}

/**
 * The sources of a content security policy that let a page open WebSockets to `urls` (CSP3 §2.3.1). IPv6 addresses are left out:
 * that grammar has none.
 */
export function socketSources(urls: readonly string[]): readonly string[] {
  const sources = urls
    .map((url) => new URL(url))
    .filter(({ hostname }) => !hostname.startsWith('['))
    .map(({ protocol, host }) => `${protocol.replace('http', 'ws')}//${host}`);
  return [...new Set(sources)];
}
