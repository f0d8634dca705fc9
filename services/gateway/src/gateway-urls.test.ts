import { readConfig } from '@skein/runtime';
import { describe, expect, test } from 'vitest';
import { readGatewayUrls, socketSources } from './gateway-urls.ts';
import { gatewaySettings } from './settings.ts';

test('addresses of gateways are read from a list, and none is the default', () => {
  expect(
    readGatewayUrls('https://a.example.org, wss://b.example.org:8443/meet/v1/signal,http://127.0.0.1:8080'),
  ).toEqual(['https://a.example.org/', 'wss://b.example.org:8443/meet/v1/signal', 'http://127.0.0.1:8080/']);
  expect(readConfig(gatewaySettings, {}).gatewayUrls).toEqual([]);
});

describe('what no client could use is refused, naming the entry:', () => {
  test.each([
    ['https://a,,https://b', 'an entry of the list is empty'],
    ['https://a,', 'an entry of the list is empty'],
    ['gateway-1:8080', '"gateway-1:8080" is no URL that starts with https://'],
    ['ftp://a', '"ftp://a" is no URL'],
    ['https:a', '"https:a" is no URL'],
    ['https://', '"https://" is no URL'],
    ['https://a b', '"https://a b" is no URL'],
    ['https://ada:secret@a', 'an entry has a login'],
    ['https://a/?x=1', 'has a ? or a #'],
    ['https://a/#x', 'has a ? or a #'],
    ['http://0.0.0.0:8080', 'is no address that a client can reach'],
    ['http://[::]:8080', 'is no address that a client can reach'],
    ['https://a,https://A/', 'https://a/ is in the list twice'],
    [`https://a/${'x'.repeat(512)}`, 'more than 512 characters'],
    [Array.from({ length: 17 }, (_, index) => `https://g${index}`).join(), 'more than 16 entries'],
  ])('%s', (text, problem) => {
    expect(() => readConfig(gatewaySettings, { SKEIN_GATEWAY_URLS: text })).toThrow(problem);
  });

  test('without showing a password', () => {
    expect(() => readGatewayUrls('https://ada:secret@a')).not.toThrow(/secret/);
  });
});

test('a page may open WebSockets to them, whatever the path', () => {
  const urls = readGatewayUrls(
    'https://a.example.org/meet/,http://b:8081,wss://a.example.org,http://[::1]:8080',
  );
  expect(socketSources(urls)).toEqual(['wss://a.example.org', 'ws://b:8081']);
});
