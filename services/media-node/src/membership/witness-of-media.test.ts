import { subjects, witnessAnswer, type WitnessAnswer } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { TestWires } from '../testing/wires.ts';
import { TestCluster } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

const SSRC = 7999;
let cluster: TestCluster;
let wires: TestWires;

beforeAll(async () => {
  wires = await TestWires.between(['one', 'two', 'three']);
  cluster = await TestCluster.start(wires);
  for (const nodeId of ['one', 'two', 'three']) await cluster.addNode({ nodeId });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** What the nodes say of a suspect, in order. */
async function saidOf(nodeId: string, questionId: string): Promise<string[]> {
  const answers: WitnessAnswer[] = [];
  const listening = cluster.bus.subscribe(subjects.witnessAnswer('ctl'), (data) =>
    answers.push(witnessAnswer.parse(data)),
  );
  cluster.bus.publish(subjects.witnessQuestion, { questionId, askerId: 'ctl', nodeId, listenMs: 150 });
  await vi.waitUntil(() => answers.some(({ heard }) => heard !== 'listening'), {
    timeout: 5000,
    interval: 20,
  });
  listening.close();
  return answers.map(({ witnessId, heard }) => `${witnessId} ${heard}`);
}

it('a node with a pipe testifies to its packets; others abstain', async () => {
  const [one, two] = cluster.nodes;
  if (!one || !two) throw new Error('no nodes');
  const speaker = await cluster.join(one, 'lobby', 'ann');
  const listener = await cluster.join(two, 'lobby', 'bob');
  await speaker.publishAudio('mic', audioParameters({ ssrc: SSRC }));
  const heard = listener.received(await listener.watch('mic'));
  let sent = 0;
  using speaking = systemClock.every(20, () => {
    const packet = { payloadType: 111, sequenceNumber: sent++ & 0xffff, timestamp: 960 * sent };
    cluster.engine.inject(SSRC, { ...packet, payload: Buffer.alloc(60, 1) });
  });
  await vi.waitUntil(() => heard.length > 0, { timeout: 5000, interval: 20 });
  expect(await saidOf('one', 'q1')).toEqual(['two listening', 'two media']);

  // Without packets it is the answer to a call that shows that it lives.
  speaking[Symbol.dispose]();
  await systemClock.sleep(300);
  expect(await saidOf('one', 'q2')).toEqual(['two listening', expect.stringMatching(/two (control|media)/)]);
});
