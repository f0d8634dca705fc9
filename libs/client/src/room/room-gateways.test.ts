import { describe, expect, it } from 'vitest';
import { ClientHarness } from '../testing/client-harness.ts';

const given = 'wss://one.example.org/v1/signal';
const announced = 'wss://two.example.org/v1/signal';

describe('a client that was given one of several gateways', () => {
  it('reconnects to another gateway that its gateway announced', async () => {
    const harness = new ClientHarness();
    const room = await harness.join({ url: 'https://one.example.org' }, ['https://two.example.org']);
    expect(room.gateways).toEqual([given, announced]);
    harness.welcomeAll();
    harness.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    harness.gateway.drop();
    await harness.pass(150);
    expect(harness.gateway.sockets.map(({ url }) => url)).toEqual([given, announced]);
    expect(room.connection.state).toBe('connected');
    expect(room.gateways).toEqual([announced, given]);
  });

  it('tries each gateway once without delay, then all of them with backoff', async () => {
    const harness = new ClientHarness();
    await harness.join({ url: 'https://one.example.org' }, ['https://two.example.org']);
    harness.gateway.onOpen = () => harness.gateway.drop();
    harness.gateway.drop();
    const tried = (): string[] => harness.gateway.sockets.slice(1).map(({ url }) => url);
    await harness.pass(200);
    expect(tried()).toEqual([announced, given]);
    await harness.pass(3000);
    expect(tried().slice(0, 4)).toEqual([announced, given, announced, given]);
  });

  it('learns further addresses from the gateway that it reconnects to', async () => {
    const harness = new ClientHarness();
    const room = await harness.join({ url: 'https://one.example.org' }, ['https://two.example.org']);
    harness.welcomeAll(['https://two.example.org', 'https://three.example.org']);
    harness.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    harness.gateway.drop();
    await harness.pass(150);
    expect(room.gateways).toEqual([announced, given, 'wss://three.example.org/v1/signal']);
  });

  it('never gives up encryption for an announced gateway', async () => {
    const harness = new ClientHarness();
    const room = await harness.join({ url: 'https://one.example.org' }, [
      'http://two.example.org',
      'nonsense',
    ]);
    expect(room.gateways).toEqual([given]);
  });
});
