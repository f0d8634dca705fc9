/** A small moving picture, made without a camera and without drawing: light enough for many pages on few cores. */
export declare function movingPicture(fps: number): MediaStreamTrack;
/** A tone that never pauses, so that packets never pause either. */
export declare function steadyTone(): MediaStreamTrack;
/** Calls `onFrame` for each decoded picture until the result is called. */
export declare function watchPictures(track: MediaStreamTrack, onFrame: () => void): () => void;
//# sourceMappingURL=media-streams.d.ts.map