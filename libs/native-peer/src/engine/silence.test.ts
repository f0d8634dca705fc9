import { FakeClock } from '@skein/runtime/testing';
import { expect, it } from 'vitest';
import type { LinkHandlers, PacketLink } from './packet-link.ts';
import { detectingSilence } from './silence.ts';

function receiving(direction: 'send' | 'recv' = 'recv') {
  const clock = new FakeClock();
  const told: string[] = [];
  let inner: LinkHandlers | undefined;
  const open = detectingSilence(
    (_, handlers) => {
      inner = handlers;
      return { close: () => undefined } as unknown as PacketLink;
    },
    clock,
    5_000,
  );
  const link = open(direction, { packet: () => undefined, changed: (state) => told.push(state) });
  return { clock, told, link, inner: inner! };
}

it('a silent link reports its path as lost, and as restored with the next packet', async () => {
  const { clock, told, inner } = receiving();
  for (let second = 0; second < 20; second++) {
    inner.packet(Buffer.alloc(1));
    await clock.advance(1_000);
  }
  expect(told).toEqual([]);
  await clock.advance(4_000);
  expect(told).toEqual(['disconnected']);
  await clock.advance(20_000);
  inner.packet(Buffer.alloc(1));
  expect(told).toEqual(['disconnected', 'connected']);
});

it('says nothing before the first packet, nor when it is closed, nor of what it only sends', async () => {
  const silent = receiving();
  const closed = receiving();
  const sending = receiving('send');
  closed.inner.packet(Buffer.alloc(1));
  closed.link.close();
  sending.inner.packet(Buffer.alloc(1));
  for (const { clock, told } of [silent, closed, sending]) {
    await clock.advance(60_000);
    expect(told).toEqual([]);
  }
});
