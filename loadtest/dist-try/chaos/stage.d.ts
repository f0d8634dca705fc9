import { type GatewayProcess, type LocalCluster, type MediaNodeProcess, type NatsServer, type RedisServer } from '@skein/local-cluster';
import { type Random } from '@skein/runtime';
import { type ClusterProbe, type Network } from '@skein/testkit';
import type { Person } from './adapters/person.ts';
import type { Violation } from './invariants.ts';
import type { Observer } from './observer.ts';
export interface StageParts {
    readonly room: string;
    readonly cluster: LocalCluster;
    readonly network: Network | undefined;
    readonly probe: ClusterProbe;
    readonly observer: Observer;
    readonly people: readonly Person[];
    readonly random: Random;
    readonly form: 'long' | 'short';
    readonly say: (line: string) => void;
    /** All so far. */
    readonly violations: readonly Violation[];
}
/** What a scenario acts through in one round: who is there, the faults' clock, and questions to the cluster. */
export declare class Stage {
    #private;
    readonly cluster: LocalCluster;
    readonly random: Random;
    /** Where a `service` recovery is written to by `backAgain`. */
    readonly recoveries: number[];
    readonly failed: string[];
    /** When the round's first fault began; milliseconds since 1970. */
    faultAtMs: number | undefined;
    constructor(parts: StageParts);
    get network(): Network;
    get redis(): RedisServer;
    get nats(): NatsServer;
    get probe(): ClusterProbe;
    say(line: string): void;
    /** Breaks something. Recovery is measured from the first fault of a round. */
    fault(what: string, act: () => Promise<unknown>): Promise<void>;
    /** To be done when the call has recovered, and in any case before the round ends. */
    afterwards(what: string, act: () => Promise<unknown>): void;
    /** Does what was left for afterwards; once. */
    restore(): Promise<void>;
    mend(what: string, act: () => Promise<unknown>): Promise<void>;
    /** How long something stays away: the long form's time, or what is enough for the short one. */
    hold({ longMs, shortMs }: {
        longMs: number;
        shortMs: number;
    }): Promise<void>;
    pick<Choice>(from: readonly Choice[]): Choice;
    /** A node that carries somebody, picked among all that do. */
    busyNode(): Promise<MediaNodeProcess>;
    busyNodes(): Promise<MediaNodeProcess[]>;
    /** Two nodes that both carry somebody, so that a pipe joins them. */
    twoBusyNodes(): Promise<[MediaNodeProcess, MediaNodeProcess]>;
    /** A gateway that holds somebody's connection. */
    busyGateway(): Promise<GatewayProcess>;
    /** Process ids of a node's mediasoup workers. */
    workersOf(node: MediaNodeProcess): Promise<number[]>;
    /** Sends a signal to a worker; these are children of this bench's own nodes. */
    signal(pid: number, signal: NodeJS.Signals): void;
    /** Waits until a process that was told to go has gone, with exit code 0. `bySignal`: SIGTERM tells it first. */
    endsByItself(service: MediaNodeProcess | GatewayProcess, { bySignal, withinMs }: {
        bySignal: boolean;
        withinMs: number;
    }): Promise<void>;
    /**
     * Joins as somebody new, again and again until it works and everybody sees them, and leaves. Says how long it took
     * until then.
     */
    visit(): Promise<number>;
    /** What was away is back: how long it takes until newcomers get in and everybody sees them is this round's recovery. */
    backAgain(): Promise<void>;
    /** While the store is away a join has to be refused at once, with a time to try again, and gateways have to count as alive. */
    refusesAtOnce(): Promise<void>;
}
//# sourceMappingURL=stage.d.ts.map