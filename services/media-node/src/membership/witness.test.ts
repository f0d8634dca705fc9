import { createMemoryBus } from '@skein/bus/testing';
import { subjects, witnessAnswer, type WitnessAnswer } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it } from 'vitest';
import { Witness, type HeardEnd } from './witness.ts';

/** An end whose counts the test gives, one after the other. */
function end(...received: readonly (number | 'late' | 'gone')[]): HeardEnd {
  const left = [...received];
  return {
    count: async () => {
      const next = left.shift() ?? 'gone';
      return typeof next === 'number' ? { sentBytes: 0, receivedBytes: next } : next;
    },
  };
}

async function answers(ends: readonly HeardEnd[], { answersCalls = false, question = {} } = {}) {
  const clock = new FakeClock();
  const hub = createMemoryBus({ clock });
  const control = hub.connect('control');
  const heard: WitnessAnswer[] = [];
  control.subscribe(subjects.witnessAnswer('ctl'), (data) => heard.push(witnessAnswer.parse(data)));
  const witness = new Witness({
    ...{ nodeId: 'me', bus: hub.connect('me'), clock, log: silentLogger },
    endsFrom: (nodeId) => (nodeId === 'suspect' || nodeId === 'me' ? ends : []),
    ping: async () => {
      if (!answersCalls) throw new Error('silent');
    },
  });
  witness.start();
  const asked = { questionId: 'q1', askerId: 'ctl', nodeId: 'suspect', listenMs: 100, ...question };
  control.publish(subjects.witnessQuestion, asked);
  await clock.advance(0);
  await clock.advance(99);
  const early = heard.map((one) => one.heard);
  for (let passed = 0; passed < 20; passed += 5) await clock.advance(5);
  witness.close();
  return { early, heard: heard.map((one) => one.heard) };
}

it('a witness reports packets that arrive while it listens, not earlier ones', async () => {
  expect(await answers([end(500, 500), end(100, 101)])).toEqual({
    early: ['listening'],
    heard: ['listening', 'media'],
  });
  expect(await answers([end(500, 500), end(100, 100)])).toEqual({
    early: ['listening'],
    heard: ['listening', 'silent'],
  });
});

it('a node that sends nothing and answers calls is reported as alive', async () => {
  expect((await answers([end(5, 5)], { answersCalls: true })).heard).toEqual(['listening', 'control']);
});

it('an end that cannot be counted is no evidence', async () => {
  expect((await answers([end('late', 100), end(100, 'gone')])).heard).toEqual(['listening', 'silent']);
});

it('a node without a pipe, the suspect itself, and a malformed question get no answer', async () => {
  expect((await answers([])).heard).toEqual([]);
  expect((await answers([end(1, 2)], { question: { nodeId: 'me' } })).heard).toEqual([]);
  expect((await answers([end(1, 2)], { question: { listenMs: 1e9 } })).heard).toEqual([]);
});
