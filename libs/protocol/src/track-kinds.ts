// Apart from the schemas: a browser bundle that uses kinds and sources must not include zod.
export const trackKinds = ['audio', 'video'] as const;
export type TrackKind = (typeof trackKinds)[number];

export const trackSources = ['microphone', 'camera', 'screen', 'screen-audio'] as const;
export type TrackSource = (typeof trackSources)[number];

export const kindOfSource: Readonly<Record<TrackSource, TrackKind>> = {
  microphone: 'audio',
  camera: 'video',
  screen: 'video',
  'screen-audio': 'audio',
};
