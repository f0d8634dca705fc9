import { createMemoryBus } from '@skein/bus/testing';
import { type NodeRecord, subjects } from '@skein/protocol';
import { expect, it } from 'vitest';
import { NodeClient } from './node-client.ts';

const ref = { room: 'blue', sessionId: 'ses_1', epoch: 1, nodeId: 'media-1' };

/** Two processes with one id: each serves the id, and its own instance. */
function setUp(named: string | undefined) {
  const hub = createMemoryBus();
  for (const instance of ['run_old', 'run_new']) {
    const bus = hub.connect(instance);
    const answer = async (): Promise<unknown> => ({ by: instance });
    bus.serve(subjects.nodeSession('media-1'), answer);
    bus.serve(subjects.nodeSession('media-1', instance), answer);
  }
  const record = named === undefined ? undefined : ({ nodeId: 'media-1', instance: named } as NodeRecord);
  const directory = { record: () => record };
  const client = new NodeClient(hub.connect('gateway'), directory, { openMs: 1000, requestMs: 1000 });
  return async (): Promise<ReadonlySet<unknown>> => {
    const asked = Array.from({ length: 64 }, () => client.request(ref, 'close', { reason: 'left' }));
    return new Set((await Promise.all(asked)).map((answer) => (answer as { by?: string }).by));
  };
}

it("a request goes to the instance that the node's record names", async () => {
  expect(await setUp('run_new')()).toEqual(new Set(['run_new']));
});

it('a request to an unknown node goes to every process with its id', async () => {
  expect(await setUp(undefined)()).toEqual(new Set(['run_old', 'run_new']));
});
