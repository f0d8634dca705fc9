export function summarize({ scenario, seed, bounds, rounds, violations }) {
    const recoverMs = percentiles(rounds.flatMap((round) => round.recoverMs));
    const gaps = percentiles(rounds.flatMap((round) => round.longestGapMs));
    const undisturbed = percentiles(rounds.flatMap((round) => round.undisturbedGapMs));
    const failed = [
        ...rounds.flatMap((round, at) => round.failed.map((what) => `round ${at + 1}: ${what}`)),
        ...violations.map(({ invariant, what }) => `${invariant}: ${what}`),
        ...beyond('recoverMs.p95', recoverMs.p95, bounds.recoverP95Ms),
        ...beyond('longestGapMs.max', gaps.max, bounds.longestGapMs),
    ];
    return {
        scenario,
        ok: failed.length === 0 && rounds.length > 0,
        rounds: rounds.length,
        recoverMs,
        longestGapMs: { p50: gaps.p50, max: gaps.max },
        lostParticipants: lostParticipants(violations),
        violations: violations.length,
        undisturbedGapMs: { p50: undisturbed.p50, max: undisturbed.max },
        seed,
        ...(failed.length > 0 && { failed }),
    };
}
/** Nearest-rank percentiles, whole milliseconds; zeros for nothing. */
export function percentiles(values) {
    const sorted = [...values].sort((one, other) => one - other).map(Math.round);
    const at = (share) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
    return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}
/** People whom the room lost or whose call was ended, each counted once. */
function lostParticipants(violations) {
    const lost = violations
        .filter(({ invariant }) => invariant === 'nobody is lost' || invariant === 'no call ends')
        .map(({ what }) => what.split(/[ :]/)[0]);
    return new Set(lost).size;
}
function beyond(what, value, bound) {
    return bound !== undefined && value > bound ? [`${what} is ${value}, more than ${bound}`] : [];
}
//# sourceMappingURL=report.js.map