import type { Observation } from './observation.ts';
/** Something that never happens, and happened. */
export interface Violation {
    readonly invariant: Invariant;
    readonly what: string;
    readonly atMs: number;
}
/** Each with how long its opposite may be seen before it counts, since the views of a moment are never of one moment. */
declare const GRACE_MS: {
    /** 1: two live placements. A client that moves make-before-break has 15 s for it. */
    readonly 'one placement': 17000;
    /** 2: a track crosses the same pipe twice. */
    readonly 'one copy on a pipe': 5000;
    /** 2: a pipe outlives the need for it; it is kept some seconds. */
    readonly 'no idle pipe': 30000;
    /** 3: a track shown that no node holds. A publisher that moves has 10 s to publish again. */
    readonly 'shown is held': 12000;
    /** 3: a subscription to a track that the room does not show. */
    readonly 'subscribed is shown': 6000;
    /** Somebody who did not leave is not in the room. */
    readonly 'nobody is lost': 8000;
    /** A client makes another state of the room than the store has. */
    readonly 'one view': 6000;
    /** A client is in the room and gets nothing of a track that is shown. */
    readonly 'shown is received': 15000;
    /** The SDK told that somebody left, or unpublished, who did not. */
    readonly 'no flicker': 0;
    /** A service ended that nobody told to. */
    readonly 'no service crashes': 0;
    /** A client was told that its call is over. */
    readonly 'no call ends': 0;
};
export type Invariant = keyof typeof GRACE_MS;
/** What is not as it should be, seen at one moment; it counts once it has been seen for its grace. */
export interface Suspicion {
    readonly invariant: Invariant;
    readonly what: string;
    /** What it is about, when `what` says more that may change while it lasts. */
    readonly subject: string;
}
/** Since when each suspicion was seen without a break, and whether it was reported. */
export type History = ReadonlyMap<string, {
    readonly sinceMs: number;
    readonly reported: boolean;
}>;
/** Judges one observation with what was seen before. A violation is told once for as long as it lasts. */
export declare function checkInvariants(observation: Observation, before: History): {
    readonly violations: readonly Violation[];
    readonly history: History;
};
/** What looks wrong in one observation. What is unknown, because somebody did not answer, is not held against anyone. */
export declare function suspicions(observation: Observation): Suspicion[];
export {};
//# sourceMappingURL=invariants.d.ts.map