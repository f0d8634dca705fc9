/** Nearest-rank median and greatest, rounded to whole numbers; zeros for nothing. */
export function percentiles(values) {
    const sorted = [...values].sort((one, other) => one - other).map(Math.round);
    return { p50: sorted[Math.ceil(sorted.length / 2) - 1] ?? 0, max: sorted.at(-1) ?? 0 };
}
/** How long each of the others took to be seen, in one page. */
export function firstFrameDelays({ connectMs = 0, presentAtJoin, publishedMs, firstFrameMs, }) {
    return Object.entries(firstFrameMs).flatMap(([identity, shownMs]) => {
        const since = presentAtJoin.includes(identity) ? connectMs : publishedMs[identity];
        return since === undefined ? [] : [shownMs - since];
    });
}
/** How long the join took in one page. */
export function joinDelay({ openMs, joinedMs }) {
    return openMs === undefined || joinedMs === undefined ? [] : [joinedMs - openMs];
}
const FIRST_FRAME_P50_LIMIT_MS = 500;
/** What is wrong with these figures; nothing for a healthy cluster. */
export function faultsOf(summary) {
    const { participants, nodes, videosPlaying, audiosPlaying, pipes, duplicatePipedTracks, leakedAfterLeave } = summary;
    const pairs = participants * (participants - 1);
    const nodePairs = (nodes * (nodes - 1)) / 2;
    const wanted = [
        ['nodes', nodes, participants],
        ['videosPlaying', videosPlaying, pairs],
        ['audiosPlaying', audiosPlaying, pairs],
        ['pipes', pipes, nodePairs],
        ['duplicatePipedTracks', duplicatePipedTracks, 0],
        ['leakedAfterLeave', leakedAfterLeave, 0],
    ];
    const faults = wanted
        .filter(([, seen, want]) => seen !== want)
        .map(([what, seen, want]) => `${what} is ${seen}, not ${want}`);
    if (summary.firstFrameMs.p50 >= FIRST_FRAME_P50_LIMIT_MS) {
        faults.push(`firstFrameMs.p50 is ${summary.firstFrameMs.p50}, not under ${FIRST_FRAME_P50_LIMIT_MS}`);
    }
    return faults;
}
//# sourceMappingURL=summary.js.map