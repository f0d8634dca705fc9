import { SkeinError, type ErrorCode } from '@skein/protocol';
import type { ClientStream, PullTrackRequest } from '@skein/rpc';
import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { backoffMs } from '../../retry/backoff.ts';
import type { PeerPipes } from '../pipe-executor.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { TrackInlet } from './track-inlet.ts';

/** Between tries to have a broken call again, within the grace. */
const RETRY = { baseMs: 50, maxMs: 1000 };

/** What the other node says when the track, or its end of the pipe, is not there: asking again there is no use. */
const SAID: ReadonlySet<ErrorCode> = new Set(['TRACK_NOT_FOUND', 'PIPE_FAILED', 'INVALID_ARGUMENT']);

export interface TrackPullParts {
  readonly nodeId: string;
  readonly request: PullTrackRequest;
  readonly inlet: TrackInlet;
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/**
 * Pulls one track from another node. A call that breaks while the track flows takes nothing away: the packets have
 * another way than the call. It is asked for again for as long as the other node keeps the track in the pipe.
 */
export class TrackPull {
  readonly #parts: TrackPullParts;
  #stream: ClientStream | undefined;
  #brokeAtMs: number | undefined;
  #tries = 0;
  #retry: Disposable | undefined;
  #stopped = false;
  /** The other node holds nothing for it any more. */
  #over = false;

  constructor(parts: TrackPullParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#ask(this.#parts.policy.pullDeadlineMs);
  }

  /** Lets the track go. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#retry?.[Symbol.dispose]();
    this.#stream?.cancel();
    if (this.#over) return;
    this.#release().catch((error: unknown) =>
      this.#parts.log.debug(
        { peerNodeId: this.#parts.nodeId, err: error },
        'a track was not released by word',
      ),
    );
  }

  #ask(deadlineMs: number): void {
    this.#call(deadlineMs).catch((error: unknown) => this.#ended(SkeinError.from(error)));
  }

  async #call(firstUpdateDeadlineMs: number): Promise<void> {
    const { peers, nodeId, request, inlet } = this.#parts;
    const client = await peers.client(nodeId);
    if (this.#stopped) return;
    this.#stream = client.pullTrack(
      request,
      {
        onUpdate: (update) => {
          if (update.update === 'opened') this.#goesOn();
          inlet.handle(update);
        },
        onEnd: (error) =>
          this.#ended(
            error ? SkeinError.from(error) : new SkeinError('TRACK_NOT_FOUND', 'the track ended at its node'),
          ),
      },
      { firstUpdateDeadlineMs },
    );
  }

  #goesOn(): void {
    this.#brokeAtMs = undefined;
    this.#tries = 0;
  }

  #ended(error: SkeinError): void {
    const { inlet, policy, clock, random, log, nodeId } = this.#parts;
    if (this.#stopped) return;
    if (SAID.has(error.code) || !inlet.flows) return this.#fail(error);
    const nowMs = clock.monotonicMs();
    if (this.#brokeAtMs === undefined)
      log.info(
        { peerNodeId: nodeId, reason: error.message },
        'a pull lost its call; its packets may still come',
      );
    this.#brokeAtMs ??= nowMs;
    const leftMs = this.#brokeAtMs + policy.pullGraceMs - nowMs;
    if (leftMs <= 0) return this.#fail(error);
    this.#retry = clock.after(backoffMs(RETRY, ++this.#tries, random), () => this.#ask(leftMs));
  }

  #fail(error: SkeinError): void {
    this.#over = true;
    this.#parts.inlet.fail(error);
  }

  async #release(): Promise<void> {
    const { peers, nodeId, request, policy } = this.#parts;
    const { room, trackId, epoch, calleeInstanceId, pullId } = request;
    const client = await peers.client(nodeId);
    await client.releaseTrack(
      { room, trackId, epoch, calleeInstanceId, pullId },
      { deadlineMs: policy.closeDeadlineMs },
    );
  }
}
