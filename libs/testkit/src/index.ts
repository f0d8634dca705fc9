export { FreezableBrowser, launchBrowser, type Browser, type Page } from './adapters/browser.ts';
export type { MediaReport } from './adapters/media-probe.ts';
export { Network, type NetworkHost } from './adapters/network.ts';
export { startSlowLink, type SlowLink, type SlowLinkOptions } from './adapters/slow-link.ts';
export { storedKeys } from './adapters/stored-keys.ts';
export type { PageTimeline } from './adapters/page-timeline.ts';
export { ClusterProbe, duplicatePipedTracks, nodePipes } from './cluster-probe.ts';
export { OUTSIDE, type Cut } from './network/cuts.ts';
export type { Impairment } from './network/impaired-line.ts';
export { eventually, eventuallyHolds } from './eventually.ts';
export {
  isHeard,
  isSeen,
  MeetingPage,
  type MeetingAction,
  type MeetingOptions,
  type TileState,
} from './meeting-page.ts';
export { SignalClient, type ReceivedEvent, type SocketClosed } from './signal-client.ts';
