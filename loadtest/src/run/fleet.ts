import type { PeerReport } from '@skein/native-peer/measures';
import {
  type Joined,
  PeerError,
  type PeerEvent,
  type PeerPlan,
  type PeerProcess,
  type StartPeerProcess,
} from '@skein/native-peer';

export interface FleetListener {
  onEvent(event: PeerEvent): void;
  /** What a process measured since its last report. */
  onReport(process: number, report: PeerReport): void;
  /** A process died, with the number of its peers. */
  onDeath(reason: string, peers: number): void;
}

export interface FleetOptions {
  readonly processes: number;
  readonly seed: number;
  readonly startProcess: StartPeerProcess;
  readonly listener: FleetListener;
}

interface Member {
  readonly process: PeerProcess;
  /** Peers that are in it, or on their way. */
  readonly peers: Set<string>;
  alive: boolean;
}

/** Peers spread over several processes, each new one into the emptiest. */
export class Fleet implements AsyncDisposable {
  readonly #members: readonly Member[];
  readonly #homes = new Map<string, Member>();

  private constructor(members: readonly Member[], listener: FleetListener) {
    this.#members = members;
    for (const [index, member] of members.entries()) this.#watch(member, index, listener);
  }

  /** Starts all processes. Rejects with a line for people, and leaves none, when one does not start. */
  static async start({ processes, seed, startProcess, listener }: FleetOptions): Promise<Fleet> {
    const starts = Array.from({ length: processes }, (_, index) => startProcess({ seed: seed + index }));
    const results = await Promise.allSettled(starts);
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) {
      await Promise.allSettled(started.map((process) => process.stop()));
      throw failure.reason;
    }
    return new Fleet(
      started.map((process) => ({ process, peers: new Set<string>(), alive: true })),
      listener,
    );
  }

  /** Processes that still run. */
  get alive(): number {
    return this.#members.filter(({ alive }) => alive).length;
  }

  get pids(): number[] {
    return this.#members.filter(({ alive }) => alive).map(({ process }) => process.pid);
  }

  async join(plan: PeerPlan): Promise<Joined> {
    const member = this.#emptiest();
    if (!member) throw new PeerError('PROCESS_DIED', 'no process is left that could play this peer');
    member.peers.add(plan.peerId);
    this.#homes.set(plan.peerId, member);
    try {
      return await member.process.join(plan);
    } catch (error) {
      this.#forget(plan.peerId);
      throw error;
    }
  }

  /** Nothing happens for a peer that is gone. */
  async leave(peerId: string, how: 'politely' | 'vanish'): Promise<void> {
    const member = this.#homes.get(peerId);
    if (!member) return;
    this.#forget(peerId);
    if (!member.alive) return;
    await (how === 'vanish' ? member.process.vanish(peerId) : member.process.leave(peerId));
  }

  async preferLayers(peerId: string, layers: NonNullable<PeerPlan['preferredLayers']>): Promise<void> {
    const member = this.#homes.get(peerId);
    if (member?.alive) await member.process.preferLayers(peerId, layers);
  }

  /** Has every process report now; the reports go to the listener. */
  async collect(listener: Pick<FleetListener, 'onReport'>): Promise<void> {
    const collecting = this.#members.map(async ({ process, alive }, index) => {
      if (alive) listener.onReport(index, await process.report());
    });
    // One that died meanwhile emits its own event.
    await Promise.allSettled(collecting);
  }

  /** All peers leave, all processes end. Safe to repeat. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#members.map(({ process }) => process.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #emptiest(): Member | undefined {
    const alive = this.#members.filter((member) => member.alive);
    return alive.reduce<Member | undefined>(
      (best, member) => (best && best.peers.size <= member.peers.size ? best : member),
      undefined,
    );
  }

  #forget(peerId: string): void {
    this.#homes.get(peerId)?.peers.delete(peerId);
    this.#homes.delete(peerId);
  }

  #watch(member: Member, index: number, listener: FleetListener): void {
    const { events } = member.process;
    events.on('report', (report) => listener.onReport(index, report));
    events.on('event', (event) => {
      if (event.type === 'lost') this.#forget(event.peerId);
      listener.onEvent(event);
    });
    events.on('died', ({ reason }) => {
      if (!member.alive) return;
      member.alive = false;
      const peers = member.peers.size;
      for (const peerId of [...member.peers]) this.#forget(peerId);
      listener.onDeath(reason, peers);
    });
  }
}
