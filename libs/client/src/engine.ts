// The interface of a media engine, for programs that bring their own instead of a browser's.
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
