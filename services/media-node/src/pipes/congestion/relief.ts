import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaSource } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import type { NodePipe } from '../links/pipe.ts';
import type { OutgoingTrack } from '../tracks/outgoing-track.ts';
import { ladderOf, layersAt, rungsWithout, type Ladder, type TrackCost } from './ladder.ts';
import { limitedTo, LINK, newLink, stepLink, type LinkSample, type LinkState } from './link.ts';

/** A room as far as its pipes may have to give way. */
export interface RelievedRoom {
  readonly name: string;
  readonly pipes: { readonly sending: readonly NodePipe[] };
  /** Whether a track shows a screen. */
  isScreen(media: MediaKey): boolean;
}

export interface PipeReliefDeps {
  readonly rooms: () => readonly RelievedRoom[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A track in a pipe that has layers to give up. */
interface Outgoing {
  readonly media: MediaKey;
  readonly served: OutgoingTrack;
  readonly source: MediaSource;
}

/** Bitrates are the worker's averages over a second: a node that sends a track to many asks once. */
const BITRATES_AGE_MS = 400;

/**
 * Lets pipes give way whose links are too narrow: upper layers of their tracks go first, sound and first layers never. It
 * looks at each pipe that sends a track with layers, twice a second while all is well: one question to the worker per pipe,
 * or none when the pipe was counted just then anyway.
 */
export class PipeRelief {
  readonly #deps: PipeReliefDeps;
  readonly #links = new WeakMap<NodePipe, LinkState>();
  readonly #dueAtMs = new WeakMap<NodePipe, number>();
  readonly #bitrates = new WeakMap<
    MediaSource,
    { readonly atMs: number; readonly rates: Promise<readonly (readonly number[])[]> }
  >();
  #timer: Disposable | undefined;
  #closed = false;
  #said = false;

  constructor(deps: PipeReliefDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#lookIn(LINK.clearEveryMs);
  }

  close(): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }

  #lookIn(ms: number): void {
    const { clock, random } = this.#deps;
    if (this.#closed) return;
    this.#timer = clock.after(jitter(ms, random, 0.1), () => void this.#lookAtAll());
  }

  async #lookAtAll(): Promise<void> {
    const nowMs = this.#deps.clock.monotonicMs();
    const pipes = this.#deps
      .rooms()
      .flatMap((room) => room.pipes.sending.map((pipe) => ({ room, pipe })))
      .filter(({ pipe }) => (this.#dueAtMs.get(pipe) ?? 0) <= nowMs);
    const nextInMs = await Promise.all(pipes.map(({ room, pipe }) => this.#lookAt(room, pipe)));
    this.#lookIn(Math.min(LINK.clearEveryMs, ...nextInMs));
  }

  /** Answers with when to look again. Never rejects. */
  async #lookAt(room: RelievedRoom, pipe: NodePipe): Promise<number> {
    const outgoing = outgoingOf(pipe);
    if (outgoing.length === 0) return LINK.clearEveryMs;
    try {
      const nextInMs = await this.#judge(room, pipe, outgoing);
      this.#dueAtMs.set(pipe, this.#deps.clock.monotonicMs() + nextInMs * 0.8);
      return nextInMs;
    } catch (error) {
      // Its worker died, or the pipe was closed meanwhile; the next look finds another one.
      this.#deps.log.debug({ room: room.name, err: error }, 'inspecting the link of a pipe failed');
      return LINK.clearEveryMs;
    }
  }

  async #judge(room: RelievedRoom, pipe: NodePipe, outgoing: readonly Outgoing[]): Promise<number> {
    const before = this.#links.get(pipe);
    const counted = await pipe.sample(before?.phase.kind === 'clear' && !before.suspicious ? 300 : 0);
    if (counted?.missedBytes === undefined) return LINK.clearEveryMs;
    const sample: LinkSample = { ...counted, missedBytes: counted.missedBytes };
    if (!before) this.#links.set(pipe, newLink(sample));
    // It was counted for somebody else and is known already.
    if (!before || before.last.atMs >= sample.atMs) return LINK.clearEveryMs;
    const shape = ladderOf(outgoing.map((one) => shapeOf(room, one)));
    const { state, change, nextInMs } = stepLink(before, sample, shape.rungs.length);
    this.#links.set(pipe, state);
    if (change && 'excessBps' in change) await this.#giveWay(room, pipe, outgoing, change.excessBps);
    const { phase } = this.#links.get(pipe) ?? state;
    const changed = phase !== before.phase && phase.kind !== before.phase.kind;
    const granted = phase.kind === 'clear' ? undefined : phase.rungs;
    if (changed || granted !== undefined) await this.#apply(outgoing, shape, granted);
    if (changed) this.#log(room, pipe, state, granted, shape.rungs.length);
    return nextInMs;
  }

  async #giveWay(
    room: RelievedRoom,
    pipe: NodePipe,
    outgoing: readonly Outgoing[],
    excessBps: number,
  ): Promise<void> {
    const ladder = ladderOf(await Promise.all(outgoing.map((one) => this.#costOf(room, one))));
    const state = this.#links.get(pipe);
    if (!state || ladder.rungs.length === 0) return;
    const { phase } = state;
    const granted = phase.kind === 'clear' ? ladder.rungs.length : phase.rungs;
    this.#links.set(pipe, limitedTo(state, rungsWithout(ladder, granted, excessBps)));
  }

  async #apply(
    outgoing: readonly Outgoing[],
    ladder: Ladder<MediaKey>,
    granted: number | undefined,
  ): Promise<void> {
    const layers = layersAt(ladder, granted ?? ladder.rungs.length);
    const able = await Promise.all(
      outgoing.map(({ media, served }) =>
        served.setLayers(granted === undefined ? undefined : layers.get(media)),
      ),
    );
    if (!able.includes(false) || this.#said) return;
    this.#said = true;
    this.#deps.log.warn(
      {},
      'this media worker cannot hold layers back in pipes: it is not the one that Skein builds; narrow links between nodes lose packets of all tracks',
    );
  }

  #log(
    { name }: RelievedRoom,
    { peer }: NodePipe,
    { phase, last }: LinkState,
    granted: number | undefined,
    of: number,
  ): void {
    const what =
      granted === undefined
        ? 'the link of a pipe has room again: all layers are sent'
        : 'the link of a pipe is too narrow: upper layers are held back';
    this.#deps.log.info(
      {
        event: granted === undefined ? 'link.clear' : 'link.narrow',
        room: name,
        peerNodeId: peer.nodeId,
        granted,
        of,
        holdMs: phase.holdMs,
        rttMs: last.rttMs,
      },
      what,
    );
  }

  async #costOf(room: RelievedRoom, { media, source }: Outgoing): Promise<TrackCost<MediaKey>> {
    const rates = await this.#bitratesOf(source);
    return { key: media, screen: room.isScreen(media), costsBps: upTo(source, (s, t) => rates[s]?.[t] ?? 0) };
  }

  #bitratesOf(source: MediaSource): Promise<readonly (readonly number[])[]> {
    const nowMs = this.#deps.clock.monotonicMs();
    const known = this.#bitrates.get(source);
    if (known && nowMs - known.atMs < BITRATES_AGE_MS) return known.rates;
    const rates = source.bitrates();
    this.#bitrates.set(source, { atMs: nowMs, rates });
    return rates;
  }
}

function outgoingOf(pipe: NodePipe): readonly Outgoing[] {
  return [...pipe.outgoing].flatMap(([media, served]) => {
    const { source } = served;
    return source && source.layers.spatial * source.layers.temporal > 1 ? [{ media, served, source }] : [];
  });
}

/** The order of layers needs no rates. */
function shapeOf(room: RelievedRoom, { media, source }: Outgoing): TrackCost<MediaKey> {
  return { key: media, screen: room.isScreen(media), costsBps: upTo(source, () => 0) };
}

/** A value for each layer that arrives here. */
function upTo(
  { available }: MediaSource,
  cost: (spatial: number, temporal: number) => number,
): readonly (readonly number[])[] {
  return Array.from({ length: available.spatialLayer + 1 }, (_, spatial) =>
    Array.from({ length: available.temporalLayer + 1 }, (_unused, temporal) => cost(spatial, temporal)),
  );
}
