import type { LocalCluster } from '@skein/local-cluster';
import { type RoomSnapshot } from '@skein/protocol';
import type { Person } from './adapters/person.ts';
import { type Violation } from './invariants.ts';
import type { Observation } from './observation.ts';
/** Whom the observer watches; read anew each time, since nodes and people come and go. */
export interface Watched {
    readonly room: string;
    readonly cluster: LocalCluster;
    readonly people: () => readonly Person[];
}
/** Looks at the store, at every node and at every client, all the time, and judges what it sees. */
export declare class Observer implements AsyncDisposable {
    #private;
    last: Observation | undefined;
    private constructor();
    static start(watched: Watched, onViolation: (violation: Violation) => void): Promise<Observer>;
    /** The room as the store has it; fails when that does not answer. */
    snapshot(): Promise<RoomSnapshot | undefined>;
    /** Ids of nodes that hold a lease and take sessions. */
    readyNodes(): Promise<string[]>;
    observe(): Promise<Observation>;
    [Symbol.asyncDispose](): Promise<void>;
}
//# sourceMappingURL=observer.d.ts.map