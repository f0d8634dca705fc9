import { describe, expect, it } from 'vitest';
import { Bench } from '../testing/client-harness.ts';

const given = 'wss://one.example.org/v1/signal';
const told = 'wss://two.example.org/v1/signal';

describe('a client that was given one gateway of several', () => {
  it('goes on at another one that its gateway told of', async () => {
    const bench = new Bench();
    const room = await bench.join({ url: 'https://one.example.org' }, ['https://two.example.org']);
    expect(room.gateways).toEqual([given, told]);
    bench.welcomeAll();
    bench.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    bench.gateway.drop();
    await bench.pass(150);
    expect(bench.gateway.sockets.map(({ url }) => url)).toEqual([given, told]);
    expect(room.connection.state).toBe('connected');
    expect(room.gateways).toEqual([told, given]);
  });

  it('tries each of them once within a moment, then all of them again and again', async () => {
    const bench = new Bench();
    await bench.join({ url: 'https://one.example.org' }, ['https://two.example.org']);
    bench.gateway.onOpen = () => bench.gateway.drop();
    bench.gateway.drop();
    const tried = (): string[] => bench.gateway.sockets.slice(1).map(({ url }) => url);
    await bench.pass(200);
    expect(tried()).toEqual([told, given]);
    await bench.pass(3000);
    expect(tried().slice(0, 4)).toEqual([told, given, told, given]);
  });

  it('learns more from the gateway at which it goes on', async () => {
    const bench = new Bench();
    const room = await bench.join({ url: 'https://one.example.org' }, ['https://two.example.org']);
    bench.welcomeAll(['https://two.example.org', 'https://three.example.org']);
    bench.gateway.answers.set('resume', () => ({ resumeToken: 'tok_next', state: { changes: [] } }));
    bench.gateway.drop();
    await bench.pass(150);
    expect(room.gateways).toEqual([told, given, 'wss://three.example.org/v1/signal']);
  });

  it('never leaves encryption for a gateway that was told of', async () => {
    const bench = new Bench();
    const room = await bench.join({ url: 'https://one.example.org' }, ['http://two.example.org', 'nonsense']);
    expect(room.gateways).toEqual([given]);
  });
});
