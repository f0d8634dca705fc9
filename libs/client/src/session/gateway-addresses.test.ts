import { seededRandom } from '@skein/runtime/random';
import { describe, expect, it } from 'vitest';
import { GatewayAddresses } from './gateway-addresses.ts';

const signal = (host: string, scheme = 'wss'): string => `${scheme}://${host}/v1/signal`;
const a = signal('a');
const addresses = (seed = 1): GatewayAddresses => new GatewayAddresses([a], a, seededRandom(seed));

describe('GatewayAddresses', () => {
  it('returns the given addresses, then the announced ones, then starts over', () => {
    const known = new GatewayAddresses([a, signal('b')], a, seededRandom(1));
    known.learn(a, ['https://c']);
    expect([known.next(), known.next(), known.next()]).toEqual([signal('b'), signal('c'), a]);
  });

  it('keeps its addresses while nothing is announced', () => {
    const known = addresses();
    for (const announced of [undefined, null, {}, 'https://b', 7]) known.learn(a, announced);
    expect([known.next(), known.next()]).toEqual([a, a]);
  });

  it('has each gateway once, in any spelling of its address', () => {
    const known = addresses();
    known.learn(a, ['https://a/', 'wss://a/v1/signal', 'https://b', 'wss://b//v1/signal/']);
    expect(known.all).toEqual([a, signal('b')]);
  });

  it('ignores invalid addresses', () => {
    const known = addresses();
    known.learn(a, ['', 7, null, {}, 'b', 'ftp://b', 'https://', 'https://c']);
    expect(known.all).toEqual([a, signal('c')]);
  });

  it('ignores unencrypted addresses from an encrypted gateway', () => {
    const known = addresses();
    known.learn(a, ['http://b', 'ws://c', 'https://d']);
    expect(known.all).toEqual([a, signal('d')]);
    const plain = new GatewayAddresses([signal('a', 'ws')], signal('a', 'ws'), seededRandom(1));
    plain.learn(signal('a', 'ws'), ['http://b']);
    expect(plain.all).toEqual([signal('a', 'ws'), signal('b', 'ws')]);
  });

  it('limits the number of announced addresses', () => {
    const known = addresses();
    known.learn(
      a,
      Array.from({ length: 1000 }, (_, index) => `https://g${index}`),
    );
    expect(known.all).toHaveLength(17);
  });

  it('replaces announced addresses, and keeps the order of those that stay', () => {
    const known = addresses();
    known.learn(a, ['https://b', 'https://c', 'https://d']);
    const before = known.all;
    known.learn(a, ['https://d', 'https://c', 'https://b']);
    expect(known.all).toEqual(before);
    known.learn(a, ['https://c', 'https://e']);
    expect(known.all).toEqual([a, signal('c'), signal('e')]);
  });

  it('continues with the first when the current one is no longer announced', () => {
    const known = addresses();
    known.learn(a, ['https://b']);
    expect(known.next()).toBe(signal('b'));
    known.learn(signal('b'), []);
    expect(known.next()).toBe(a);
  });

  it('shuffles announced addresses differently in each client', () => {
    const announced = ['https://b', 'https://c', 'https://d', 'https://e'];
    const firsts = Array.from({ length: 20 }, (_, seed) => {
      const known = addresses(seed + 1);
      known.learn(a, announced);
      return known.next();
    });
    expect(new Set(firsts).size).toBeGreaterThan(2);
  });
});
