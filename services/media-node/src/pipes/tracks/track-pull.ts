import { SkeinError, type ErrorCode } from '@skein/protocol';
import type { ClientStream, PullTrackRequest } from '@skein/rpc';
import { backoff, type Backoff, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { PeerPipes } from '../model/peer-pipes.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { TrackInlet } from './track-inlet.ts';

/** Backoff between the retries of a broken call, within the grace period. */
const RETRY = { firstMs: 50, maxMs: 1000, jitter: 0.2 };

/** The other node does not have the track, or its end of the pipe: a retry is useless. */
const FINAL_ERRORS: ReadonlySet<ErrorCode> = new Set(['TRACK_NOT_FOUND', 'PIPE_FAILED', 'INVALID_ARGUMENT']);

export interface TrackPullDeps {
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
 * Pulls one track from another node. A call that breaks while the track flows costs no packet, because they travel apart
 * from it. The call is retried for as long as the other node keeps the track in the pipe.
 */
export class TrackPull {
  readonly #deps: TrackPullDeps;
  readonly #backoff: Backoff;
  #stream: ClientStream | undefined;
  #brokeAtMs: number | undefined;
  #tries = 0;
  #retry: Disposable | undefined;
  #stopped = false;
  /** The other node has let go of the track. */
  #over = false;

  constructor(deps: TrackPullDeps) {
    this.#deps = deps;
    this.#backoff = backoff({ ...RETRY, random: deps.random });
  }

  start(): void {
    this.#ask(this.#deps.policy.pullDeadlineMs);
  }

  /** Lets the track go. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#retry?.[Symbol.dispose]();
    this.#stream?.cancel();
    if (this.#over) return;
    this.#release().catch((error: unknown) =>
      this.#deps.log.debug(
        { peerNodeId: this.#deps.nodeId, err: error },
        'releasing a track at its node failed',
      ),
    );
  }

  #ask(deadlineMs: number): void {
    this.#call(deadlineMs).catch((error: unknown) => this.#ended(SkeinError.from(error)));
  }

  async #call(firstUpdateDeadlineMs: number): Promise<void> {
    const { peers, nodeId, request, inlet } = this.#deps;
    const client = await peers.client(nodeId);
    if (this.#stopped) return;
    this.#stream = client.pullTrack(
      request,
      {
        onUpdate: (update) => {
          if (update.update === 'opened') this.#recovered();
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

  #recovered(): void {
    this.#brokeAtMs = undefined;
    this.#tries = 0;
  }

  #ended(error: SkeinError): void {
    const { inlet, policy, clock, log, nodeId } = this.#deps;
    if (this.#stopped) return;
    if (FINAL_ERRORS.has(error.code) || !inlet.flows) return this.#fail(error);
    const nowMs = clock.monotonicMs();
    if (this.#brokeAtMs === undefined)
      log.info(
        { event: 'pull.interrupted', peerNodeId: nodeId, reason: error.message },
        'a pull lost its call; its packets may still arrive',
      );
    this.#brokeAtMs ??= nowMs;
    const leftMs = this.#brokeAtMs + policy.pullGraceMs - nowMs;
    if (leftMs <= 0) return this.#fail(error);
    this.#retry = clock.after(this.#backoff(++this.#tries), () => this.#ask(leftMs));
  }

  #fail(error: SkeinError): void {
    this.#over = true;
    this.#deps.inlet.fail(error);
  }

  async #release(): Promise<void> {
    const { peers, nodeId, request, policy } = this.#deps;
    const { room, trackId, epoch, calleeInstanceId, pullId } = request;
    const client = await peers.client(nodeId);
    await client.releaseTrack(
      { room, trackId, epoch, calleeInstanceId, pullId },
      { deadlineMs: policy.closeDeadlineMs },
    );
  }
}
