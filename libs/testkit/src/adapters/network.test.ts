import { expect, it } from 'vitest';
import { readdirSync } from 'node:fs';
import { Network, type NetworkHost } from './network.ts';

// Exit code 0 when `to` refuses the connection, which is an answer; 1 when nothing comes back within 300 ms.
const ASK = `const socket = require('node:net').connect(9, process.argv[1]);
  socket.on('error', ({ code }) => process.exit(code === 'ECONNREFUSED' ? 0 : 2));
  setTimeout(() => process.exit(1), 300);`;

function reaches(from: NetworkHost, address: string): Promise<boolean> {
  return from.run(process.execPath, '-e', ASK, address).then(
    () => true,
    () => false,
  );
}

it.runIf(Network.possible)(
  'hosts reach each other until what lies between them is cut, and leave nothing behind',
  async () => {
    await using network = await Network.create();
    const [a, b] = [await network.host('a'), await network.host('b')];
    expect(await network.host('a')).toBe(a);
    expect(await Promise.all([reaches(a, b.address), reaches(a, network.address)])).toEqual([true, true]);

    await network.cutPair('a', 'b');
    expect(await Promise.all([reaches(a, b.address), reaches(a, network.address)])).toEqual([false, true]);

    await network.heal();
    await network.cut('a');
    expect(
      await Promise.all([reaches(a, b.address), reaches(a, network.address), reaches(b, network.address)]),
    ).toEqual([false, false, true]);

    await network.heal();
    expect(await reaches(b, a.address)).toBe(true);
    await network[Symbol.asyncDispose]();
    expect(readdirSync('/run/netns')).not.toContain(a.namespace);
  },
);
