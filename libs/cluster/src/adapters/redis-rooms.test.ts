import { roomStateOf, type RoomState } from '@skein/protocol';
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { Placed, RoomStore } from '../store/room-store.ts';
import { aRequest } from '../testing/builders.ts';
import { useRedis } from '../testing/redis-store.ts';

let rooms: RoomStore;
let raw: Redis;

useRedis((test) => {
  raw = test.raw;
  rooms = test.store.rooms;
});

async function join(identity: string, room = 'blue'): Promise<Placed> {
  return await rooms.place(aRequest({ room, identity }));
}

describe('placing', () => {
  it('reads the changes since the caller’s version, or the whole room when there are many', async () => {
    const known = roomStateOf((await join('ann')).snapshot);
    await join('bob');
    const readsWhole = async (identity: string, knownThen: RoomState | undefined): Promise<boolean> => {
      await raw.config('RESETSTAT');
      const { snapshot } = await rooms.place(aRequest({ identity, known: knownThen }));
      const whole = (await raw.info('commandstats')).includes('cmdstat_hgetall:calls=3');
      const { participants, version } = (await rooms.snapshot('blue'))!;
      expect(snapshot).toMatchObject({ version, participants });
      return whole;
    };
    expect(await readsWhole('cy', undefined)).toBe(true);
    expect(await readsWhole('dan', known)).toBe(false);
    // Somebody else's future, and a room of the same name that is gone.
    expect(await readsWhole('eve', { ...known, version: known.version + 1000 })).toBe(true);
    expect(await readsWhole('fay', { ...known, version: known.version - 10 })).toBe(true);
    for (let one = 0; one < 64; one++) await join(`person-${one}`);
    expect(await readsWhole('gus', known)).toBe(true);
  });

  it('reads nothing for a viewer whose gateway is in step', async () => {
    const { snapshot } = await join('ann');
    const known = { ...snapshot, participants: new Map(), tracks: new Map() };
    expect((await rooms.place(aRequest({ identity: 'vic', role: 'viewer', known }))).snapshot).toMatchObject({
      version: snapshot.version,
      participants: [],
    });
  });
});

describe('the index of rooms', () => {
  it('that are gone are dropped from a list that still has them', async () => {
    await join('ann', 'b');
    await raw.zadd('skein:{rooms}', 0, 'a', 0, 'c');
    expect(await rooms.listRooms({ pageSize: 2 })).toEqual(['b']);
    expect(await raw.zcard('skein:{rooms}')).toBe(1);
  });

  it('the scripts that create and free a room write the index', async () => {
    await join('ann');
    const { participant } = await join('bob', 'red');
    const held = [{ ...participant, identity: 'cy' }];
    await rooms.announce('green', { participants: held, tracks: [] });
    expect(await raw.zrange('skein:{rooms}', '0', '-1')).toEqual(['blue', 'green', 'red']);
    await rooms.leave('red', participant, 'left');
    expect(await raw.zrange('skein:{rooms}', '0', '-1')).toEqual(['blue', 'green']);
  });

  it('are listed again, by their next placement, after the index was lost', async () => {
    await join('ann');
    await raw.del('skein:{rooms}');
    await join('bob');
    expect(await rooms.listRooms({ pageSize: 10 })).toEqual(['blue']);
  });
});

describe('the cost of a join', () => {
  it('is as many commands in a large room as in a small one, those inside the scripts included', async () => {
    const commands = async (): Promise<number> => {
      const calls = (await raw.info('commandstats')).matchAll(/^cmdstat_(?!info)[^:]+:calls=(\d+)/gm);
      return [...calls].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const costOfJoin = async (identity: string): Promise<number> => {
      await join('warm-up');
      // The first answer comes after everything that was sent before it.
      await rooms.snapshot('blue');
      const before = await commands();
      await rooms.place(aRequest({ identity, maxParticipants: 1000 }));
      await rooms.listRooms({ pageSize: 1 });
      return (await commands()) - before;
    };
    const small = await costOfJoin('first');
    for (let n = 0; n < 200; n++) await rooms.place(aRequest({ identity: `p${n}`, maxParticipants: 1000 }));
    expect(await costOfJoin('last')).toBe(small);
    expect(small).toBeLessThan(30);
  });
});
