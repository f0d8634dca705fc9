import type { ReadySubscription } from '@skein/protocol';
import { seededRandom, type Random } from '@skein/runtime/random';
import { expect, it } from 'vitest';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Refusal } from '../testing/fake-gateway.ts';
import { ClientHarness, joinAnswer, participant, ready, track } from '../testing/client-harness.ts';

/** A cluster with one other participant, Ada, and her camera; sessions and sources rise in epoch as things happen. */
class RoughWorld {
  readonly harness: ClientHarness;
  readonly #random: Random;
  #version = 10;
  #mine = 1;
  #hers = 1;
  #subscriptions = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.harness = new ClientHarness(this.#room());
    const { answers } = this.harness.gateway;
    answers.set('subscribe', () => this.#often(0.8, this.#camera(), 'TRACK_NOT_FOUND'));
    answers.set('publish', ({ epoch }) =>
      epoch === this.#mine ? this.#often(0.8, {}, 'UNAVAILABLE') : new Refusal('STALE_EPOCH'),
    );
    answers.set('resume', ({ epoch }) =>
      epoch === this.#mine
        ? this.#often(0.7, { resumeToken: 'tok', state: { snapshot: this.#snapshot() } }, 'UNAVAILABLE')
        : new Refusal('SESSION_NOT_FOUND'),
    );
    answers.set('setTrackMuted', () => this.#often(0.8, {}, 'UNAVAILABLE'));
    answers.set('finishMove', () => ({}));
  }

  async join(): Promise<Room> {
    const room = await this.harness.join({ url: ['https://a.example.org', 'https://b.example.org'] });
    this.harness.welcomeAll();
    this.harness.gateway.answers.set('join', () => {
      this.#mine++;
      return joinAnswer({ ...this.#room(), epoch: this.#mine, version: this.#version });
    });
    return room;
  }

  async happen(): Promise<void> {
    const { harness } = this;
    const roll = Math.floor(this.#random() * 8);
    if (roll === 0) harness.gateway.holder?.handlers.closed(1006, '');
    else if (roll === 1) harness.gateway.event('moveOver', { withinMs: 500 });
    else if (roll === 2 || roll === 3)
      harness.moveSession(roll === 2 ? 'switch' : 'rebuild', ++this.#mine, [this.#camera()]);
    else if (roll === 4) this.#moveAda();
    else if (roll === 5)
      for (const subscriptionId of harness.link.receivers.keys())
        harness.gateway.event('subscriptionClosed', { subscriptionId, trackId: 'cam', reason: 'pipe' });
    else if (roll === 6) harness.engine.flowing = !harness.engine.flowing;
    // Another gateway or the node has lost the session.
    else if (this.#random() < 0.2) {
      this.#mine++;
      for (const { handlers } of harness.gateway.sockets) handlers.closed(1006, '');
    }
    for (const { signals } of harness.engine.links) signals.stateChanged('send', 'connected');
    await harness.pass(this.#random() * 400);
  }

  async calm(): Promise<void> {
    const { answers } = this.harness.gateway;
    answers.set('subscribe', () => this.#camera());
    answers.set('publish', ({ epoch }) => (epoch === this.#mine ? {} : new Refusal('STALE_EPOCH')));
    await this.harness.pass(15_000);
    for (const { signals } of this.harness.engine.links) signals.stateChanged('send', 'connected');
    await this.harness.pass(15_000);
  }

  #moveAda(): void {
    this.#hers++;
    const epoch = this.#hers;
    const who = participant('ada', { epoch });
    this.harness.roomChanged(++this.#version, {
      type: 'participantMoved',
      participant: who,
      reason: 'drain',
    });
    this.harness.roomChanged(++this.#version, {
      type: 'trackPublished',
      track: track('cam', 'ada', { epoch }),
    });
  }

  #camera(): ReadySubscription {
    return ready('cam', { subscriptionId: `sub_${++this.#subscriptions}`, epoch: this.#hers });
  }

  #room() {
    return {
      others: [participant('ada', { epoch: this.#hers })],
      tracks: [track('cam', 'ada', { epoch: this.#hers })],
      subscriptions: [this.#camera()],
    };
  }

  #snapshot(): object {
    const { others, tracks } = this.#room();
    return { room: 'standup', version: this.#version, participants: [participant('me'), ...others], tracks };
  }

  #often(share: number, answer: unknown, code: string): unknown {
    return this.#random() < share ? answer : new Refusal(code, code === 'UNAVAILABLE' ? 300 : undefined);
  }
}

it('a room keeps every participant and track through random losses and migrations', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const world = new RoughWorld(seed);
    const room = await world.join();
    const camera = room.participants.get('ada')?.tracks.get('cam');
    const publishing = room.publish(fakeTrack('audio'), { source: 'microphone' });
    await world.harness.pass(5000);
    const own = await publishing;
    const emitted: string[] = [];
    for (const name of ['participantLeft', 'trackUnpublished', 'localTrackUnpublished'] as const)
      room.on(name, () => emitted.push(name));
    for (let step = 0; step < 25; step++) await world.happen();
    await world.calm();
    const { link, engine } = world.harness;
    const shown = [...link.receivers.values()].find(
      ({ mediaStreamTrack }) => mediaStreamTrack === camera?.mediaStreamTrack,
    );
    expect({
      seed,
      emitted,
      state: room.connection.state,
      same: room.participants.get('ada')?.tracks.get('cam') === camera,
      shown: shown?.closed,
      sending: link.senders.get(own.id)?.closed,
      open: engine.links.filter(({ closed }) => !closed).length,
    }).toEqual({ seed, emitted: [], state: 'connected', same: true, shown: false, sending: false, open: 1 });
    await room.leave();
    expect(engine.links.every(({ closed }) => closed)).toBe(true);
  }
});
