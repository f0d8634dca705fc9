import { readConfig } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { readGatewayUrls, socketSources } from './gateway-urls.ts';
import { gatewaySettings } from './settings.ts';

it('gateway addresses are read from a list that is empty by default', () => {
  expect(
    readGatewayUrls('https://a.example.org, wss://b.example.org:8443/meet/v1/signal,http://127.0.0.1:8080'),
  ).toEqual(['https://a.example.org/', 'wss://b.example.org:8443/meet/v1/signal', 'http://127.0.0.1:8080/']);
  expect(readConfig(gatewaySettings, {}).gatewayUrls).toEqual([]);
});

describe('gateway addresses that no client can use', () => {
  it.each([
    ['https://a,,https://b', 'an entry of the list is empty'],
    ['https://a,', 'an entry of the list is empty'],
    ['gateway-1:8080', '"gateway-1:8080" is not a URL that starts with https://'],
    ['ftp://a', '"ftp://a" is not a URL'],
    ['https:a', '"https:a" is not a URL'],
    ['https://', '"https://" is not a URL'],
    ['https://a b', '"https://a b" is not a URL'],
    ['https://ada:secret@a', 'an entry has a login'],
    ['https://a/?x=1', 'has a ? or a #'],
    ['https://a/#x', 'has a ? or a #'],
    ['http://0.0.0.0:8080', 'is not an address that clients can reach'],
    ['http://[::]:8080', 'is not an address that clients can reach'],
    ['https://a,https://A/', 'https://a/ is in the list twice'],
    [`https://a/${'x'.repeat(512)}`, 'more than 512 characters'],
    [Array.from({ length: 17 }, (_, index) => `https://g${index}`).join(), 'more than 16 entries'],
  ])('the list %s is rejected', (text, problem) => {
    expect(() => readConfig(gatewaySettings, { SKEIN_GATEWAY_URLS: text })).toThrow(problem);
  });

  it('a password in an address is not shown', () => {
    expect(() => readGatewayUrls('https://ada:secret@a')).not.toThrow(/secret/);
  });
});

it('the page may open WebSockets to the gateways, whatever their path', () => {
  const urls = readGatewayUrls(
    'https://a.example.org/meet/,http://b:8081,wss://a.example.org,http://[::1]:8080',
  );
  expect(socketSources(urls)).toEqual(['wss://a.example.org', 'ws://b:8081']);
});
