// What a media engine has to be, for programs that bring their own in place of a browser's.
export type {
  LinkOffer,
  LinkSignals,
  MediaEngine,
  MediaLink,
  PictureSize,
  Publication,
  TrackReceiver,
  TrackSender,
  TransportState,
} from './engine.ts';
export type { RtpSample } from './rtp-sample.ts';
export type { SendEncoding, SendPlan } from './send-plan.ts';
