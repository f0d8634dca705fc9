import { connect } from '@skein/client';
import { MeasuringClient } from '../../measuring-client.ts';
import { movingPicture, steadyTone } from './media-streams.ts';
import { lastSocketUrl } from './sockets.ts';
import { openPageWatching } from './watching.ts';

window.chaosClient = new MeasuringClient({
  nowMs: () => Date.now(),
  connect,
  openWatching: openPageWatching,
  tone: steadyTone,
  picture: (fps) => ({ track: movingPicture(fps), layers: 1 }),
  lastSocketUrl,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});
