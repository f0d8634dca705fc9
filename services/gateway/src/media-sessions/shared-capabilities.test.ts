import { routerRtpCapabilities } from '@skein/protocol';
import { expect, it } from 'vitest';
import { SharedCapabilities } from './shared-capabilities.ts';

it('equal capabilities are kept once, and their number is bounded', () => {
  const shared = new SharedCapabilities();
  const first = shared.share(structuredClone(routerRtpCapabilities));
  expect(shared.share(structuredClone(routerRtpCapabilities))).toBe(first);
  const audioOnly = { codecs: first.codecs.slice(0, 1), headerExtensions: [] };
  expect(shared.share(audioOnly)).toBe(audioOnly);
  for (let preferredId = 1; preferredId <= 64; preferredId++) {
    shared.share({ codecs: [], headerExtensions: [{ kind: 'audio', uri: 'urn:x', preferredId }] });
  }
  expect(shared.share(structuredClone(routerRtpCapabilities))).not.toBe(first);
});
