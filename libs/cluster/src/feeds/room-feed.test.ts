import type { Bus } from '@skein/bus';
import { createMemoryBus, type MemoryBusHub } from '@skein/bus/testing';
import {
  applyChange,
  roomStateOf,
  snapshotOf,
  subjects,
  type Participant,
  type RoomState,
  type VersionedChange,
  type Viewership,
} from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  openRoomFeed,
  openRoomFeeds,
  publishChanges,
  publishViewership,
  type RoomFeed,
  type RoomStore,
  type StoreRecovery,
} from '../index.ts';

/** The part of a store that feeds read, in memory. */
class FakeRooms {
  viewership: Viewership | undefined;
  state: RoomState | undefined = roomStateOf({ room: 'blue', version: 100, participants: [], tracks: [] });
  readonly log: VersionedChange[] = [];
  readonly calls: string[] = [];
  down = false;
  bornVersion = 100;
  recovered: ((recovery: StoreRecovery) => void) | undefined;

  /** Empties the room and creates it again with what is put back. */
  loseAndPutBack(participants: readonly Participant[]): void {
    this.bornVersion = 500;
    this.log.length = 0;
    this.state = roomStateOf({ room: 'blue', version: 500, participants: [...participants], tracks: [] });
  }

  write(): VersionedChange {
    if (!this.state) throw new Error('no room');
    const version = this.state.version + 1;
    const participant = {
      identity: `p${version}`,
      name: 'p',
      sessionId: 's',
      nodeId: 'n',
      epoch: version,
      joinedAtMs: 1,
    };
    const change: VersionedChange = { version, change: { type: 'participantJoined', participant } };
    const applied = applyChange(this.state, change);
    if (applied.outcome === 'applied') this.state = applied.state;
    this.log.push(change);
    return change;
  }

  #called(what: string): void {
    this.calls.push(what);
    if (this.down) throw new Error('down');
  }

  async snapshot(): ReturnType<RoomStore['snapshot']> {
    this.#called('snapshot');
    const { state, bornVersion, viewership } = this;
    return state && { ...snapshotOf(state), bornVersion, viewership };
  }

  async changesSince(_: string, version: number): ReturnType<RoomStore['changesSince']> {
    this.#called('changesSince');
    const after = this.log.filter((entry) => entry.version > version);
    return this.state && after.length === this.state.version - version ? after : undefined;
  }

  onRecovered(listener: (recovery: StoreRecovery) => void): Disposable {
    this.recovered = listener;
    return { [Symbol.dispose]: () => (this.recovered = undefined) };
  }

  async heads(rooms: readonly string[]): ReturnType<RoomStore['heads']> {
    this.#called('heads');
    const { state, viewership } = this;
    return rooms.map(() => state && { version: state.version, viewership });
  }

  asStore(): RoomStore {
    return this as unknown as RoomStore;
  }
}

let clock: FakeClock;
let hub: MemoryBusHub;
let bus: Bus;
let rooms: FakeRooms;

beforeEach(() => {
  clock = new FakeClock();
  hub = createMemoryBus({ clock });
  bus = hub.connect('test');
  rooms = new FakeRooms();
});

const parts = () => ({ bus, rooms: rooms.asStore(), clock, random: seededRandom(1), log: silentLogger });
const send = (...changes: VersionedChange[]): void => publishChanges(bus, 'blue', changes);

async function started(): Promise<RoomFeed> {
  const feed = openRoomFeed({ ...parts(), room: 'blue' });
  feed.start(await rooms.snapshot());
  await clock.advance(0);
  rooms.calls.length = 0;
  return feed;
}

describe('a room feed', () => {
  it('reads the snapshot when it is given none', async () => {
    const feed = openRoomFeed({ ...parts(), room: 'blue' });
    feed.start();
    expect(feed.state).toBeUndefined();
    expect((await feed.waitFor(100, 1000)).version).toBe(100);
    feed.close();
  });

  it('fetches what happened between the snapshot it is given and its start', async () => {
    const snapshot = await rooms.snapshot();
    const change = rooms.write();
    const feed = openRoomFeed({ ...parts(), room: 'blue' });
    feed.start(snapshot);
    expect(feed.state?.version).toBe(100);
    expect((await feed.waitFor(change.version, 1000)).version).toBe(101);
    feed.close();
  });

  it('tells each change once, in turn, and asks the store for none of them', async () => {
    const feed = await started();
    const told: number[] = [];
    feed.on('change', ({ change, state }) => told.push(change.version, state.version));
    const [one, two, three] = [rooms.write(), rooms.write(), rooms.write()];
    send(one);
    send(three);
    send(one, two);
    await clock.advance(1);
    expect(told).toEqual([101, 101, 102, 102, 103, 103]);
    await clock.advance(1000);
    expect(rooms.calls).toEqual([]);
    feed.close();
  });

  it('fetches a lost change 20 ms after a later one came', async () => {
    const feed = await started();
    rooms.write();
    send(rooms.write());
    await clock.advance(0);
    await clock.advance(19);
    expect(rooms.calls).toEqual([]);
    await clock.advance(1);
    expect(rooms.calls).toEqual(['changesSince']);
    expect(feed.state?.version).toBe(102);
    feed.close();
  });

  it('keeps what it has while the store is down, and mends itself when it is back', async () => {
    const feed = await started();
    rooms.down = true;
    rooms.write();
    send(rooms.write());
    await clock.advance(10_000);
    expect(feed.state?.version).toBe(100);
    expect(rooms.calls.length).toBeLessThan(8);
    rooms.down = false;
    await clock.advance(6000);
    expect(feed.state?.version).toBe(102);
    feed.close();
  });

  it('lets a wait end at its deadline, and at the close of the feed', async () => {
    const feed = await started();
    const late = feed.waitFor(200, 500).catch((error: unknown) => error);
    await clock.advance(500);
    expect(await late).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const closed = feed.waitFor(200, 500).catch((error: unknown) => error);
    feed.close();
    expect(await closed).toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('takes a change that its own process made, and a listener that causes another one', async () => {
    const feed = await started();
    const [one, two] = [rooms.write(), rooms.write()];
    const told: number[] = [];
    feed.on('change', ({ change }) => {
      if (change.version === one.version) feed.offer({ changes: [two] });
      told.push(change.version);
    });
    feed.offer({ changes: [one] });
    expect(told).toEqual([101, 102]);
    feed.close();
  });

  it('tells of a loss at once and of what became of it after 3 s, and lets who waits have both', async () => {
    const feed = await started();
    send(rooms.write());
    await clock.advance(0);
    const told: unknown[] = [];
    feed.on('lost', ({ state }) => told.push(['lost', [...state.participants.keys()]]));
    feed.on('replaced', ({ state }) => told.push(['replaced', [...(state?.participants.keys() ?? [])]]));
    feed.on('change', ({ change }) => told.push(change.version));
    rooms.loseAndPutBack([]);
    send(rooms.write());
    const waited = feed.waitFor(501, 1000);
    await clock.advance(100);
    expect([...(await waited).participants.keys()]).toEqual(['p101', 'p501']);
    expect(told).toEqual([['lost', ['p101']]]);
    expect([...(feed.state?.participants.keys() ?? [])]).toEqual(['p101']);
    expect(feed.storedVersion).toBe(501);
    send(rooms.write());
    await clock.advance(2800);
    expect(told).toHaveLength(1);
    await clock.advance(200);
    expect(told.slice(1)).toEqual([['replaced', ['p501', 'p502']]]);
    send(rooms.write());
    await clock.advance(0);
    expect(told.slice(2)).toEqual([503]);
    feed.close();
  });

  it('drops what is no event', async () => {
    const feed = await started();
    for (const junk of [null, 1, {}, { changes: 1 }, { changes: [{ version: 101 }] }]) {
      bus.publish(subjects.room('blue'), junk);
    }
    send(rooms.write());
    await clock.advance(1);
    expect(feed.state?.version).toBe(101);
    feed.close();
  });
});

describe('the feeds of a process', () => {
  it('share one feed per room, until the last user lets go', async () => {
    const feeds = openRoomFeeds(parts());
    const [one, two] = [feeds.acquire('blue'), feeds.acquire('blue')];
    expect(one.feed).toBe(two.feed);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    await clock.advance(10);
    expect(two.feed.state?.version).toBe(100);
    expect(feeds.size).toBe(1);
    two[Symbol.dispose]();
    expect(feeds.size).toBe(0);
    const again = feeds.acquire('blue');
    expect(again.feed).not.toBe(one.feed);
    feeds.close();
  });

  it('find the loss of the last event, and the end of a room, with one request for all rooms', async () => {
    const feeds = openRoomFeeds(parts());
    const refs = ['blue', 'red', 'green'].map((room) => feeds.acquire(room));
    await clock.advance(0);
    rooms.write();
    rooms.calls.length = 0;
    await clock.advance(6100);
    expect(rooms.calls.filter((call) => call === 'heads')).toHaveLength(1);
    expect(refs.map(({ feed }) => feed.state?.version)).toEqual([101, 101, 101]);
    const replaced: unknown[] = [];
    refs[0]?.feed.on('replaced', ({ state }) => replaced.push(state));
    rooms.state = undefined;
    await clock.advance(6100);
    expect(replaced).toEqual([]);
    await clock.advance(3000);
    expect(replaced).toEqual([undefined]);
    feeds.close();
  });

  it('ask soon after the store came back, and see nobody go when the room grows back', async () => {
    const feeds = openRoomFeeds(parts());
    const { feed } = feeds.acquire('blue');
    await clock.advance(0);
    publishChanges(bus, 'blue', [rooms.write()]);
    await clock.advance(0);
    const seen: unknown[] = [];
    feed.on('lost', () => seen.push('lost'));
    feed.on('replaced', ({ state }) => seen.push([...(state?.participants.keys() ?? [])]));
    const members = [...(rooms.state?.participants.values() ?? [])];
    rooms.state = undefined;
    rooms.recovered?.({ fellBack: true });
    await clock.advance(200);
    expect(seen).toEqual(['lost']);
    rooms.loseAndPutBack(members);
    publishChanges(bus, 'blue', [rooms.write()]);
    await clock.advance(50);
    expect(seen).toEqual(['lost', ['p101', 'p501']]);
    feeds.close();
  });

  it('ask soon after the bus came back, and again for those who find it later', async () => {
    const feeds = openRoomFeeds(parts());
    const { feed } = feeds.acquire('blue');
    await clock.advance(0);
    hub.setDown(true);
    rooms.write();
    hub.setDown(false);
    await clock.advance(200);
    expect(feed.state?.version).toBe(101);
    // Somebody else's change, whose telling was lost as the bus was not there yet for them.
    rooms.write();
    await clock.advance(1_300);
    expect(feed.state?.version).toBe(102);
    feeds.close();
  });

  it('go on polling after the store was down', async () => {
    const feeds = openRoomFeeds(parts());
    const { feed } = feeds.acquire('blue');
    await clock.advance(0);
    rooms.down = true;
    rooms.write();
    await clock.advance(20_000);
    expect(feed.state?.version).toBe(100);
    rooms.down = false;
    await clock.advance(6100);
    expect(feed.state?.version).toBe(101);
    feeds.close();
  });
});

describe('who views a room', () => {
  const viewed = (viewers: number, revision: number): Viewership => ({
    ...{ viewers, nodeIds: ['node-1'], revision },
  });

  async function following(): Promise<{ feed: RoomFeed; heard: number[] }> {
    rooms.viewership = viewed(3, 30);
    const feed = await started();
    const heard: number[] = [];
    feed.on('viewershipChanged', ({ viewership }) => heard.push(viewership.viewers));
    return { feed, heard };
  }

  it('comes with the snapshot, and then with whatever is later, without a request', async () => {
    const { feed, heard } = await following();
    expect(feed.viewership.viewers).toBe(3);
    publishViewership(bus, 'blue', viewed(5, 50));
    publishViewership(bus, 'blue', viewed(4, 40));
    await clock.advance(1000);
    feed.offer({ changes: [], viewership: viewed(6, 60) });
    expect(heard).toEqual([5, 6]);
    expect(rooms.calls).toEqual([]);
    feed.close();
  });

  it('is corrected by what the store has, unless it has changed since it was asked', async () => {
    const { feed, heard } = await following();
    const asOf = { storedVersion: 100, viewership: feed.viewership };
    feed.offer({ changes: [], viewership: viewed(7, 70) });
    feed.compare({ version: 100, viewership: viewed(2, 20) }, asOf);
    expect(feed.viewership.viewers).toBe(7);
    feed.compare({ version: 100, viewership: viewed(2, 20) }, { ...asOf, viewership: feed.viewership });
    feed.compare({ version: 100 }, { ...asOf, viewership: feed.viewership });
    expect(heard).toEqual([7, 2, 0]);
    feed.close();
  });

  it('emits fellBack when the store’s history has changed, for nodes that carry viewers', async () => {
    const feed = await started();
    let told = 0;
    feed.on('fellBack', () => told++);
    feed.historyChanged();
    expect(told).toBe(1);
    feed.close();
    feed.historyChanged();
    expect(told).toBe(1);
  });

  it('is compared with the store by the poll that all feeds share', async () => {
    const feeds = openRoomFeeds({ ...parts(), pollMs: 100 });
    const { feed } = feeds.acquire('blue');
    await clock.advance(10);
    rooms.viewership = viewed(9, 90);
    await clock.advance(200);
    expect(feed.viewership.viewers).toBe(9);
    feeds.close();
  });
});
