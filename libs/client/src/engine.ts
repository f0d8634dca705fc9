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
} from './media/engine.ts';
export type { RtpSample } from './media/rtp-sample.ts';
export type { SendEncoding, SendPlan } from './media/send-plan.ts';
