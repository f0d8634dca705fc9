// Apart from the schemas, so that a browser bundle that knows kinds and sources does not carry zod with it.
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
