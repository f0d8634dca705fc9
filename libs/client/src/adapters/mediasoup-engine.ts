import type {
  IceParameters,
  ReadySubscription,
  RtpCapabilities,
  TransportDirection,
  TransportOffer,
} from '@skein/protocol';
import { Device, type types } from 'mediasoup-client';
import { SkeinClientError } from '../errors/client-error.ts';
import type {
  LinkOffer,
  LinkSignals,
  MediaEngine,
  MediaLink,
  Publication,
  TrackReceiver,
  TrackSender,
} from '../media/engine.ts';
import type { SendPlan } from '../media/send-plan.ts';
import { sendEarlyKeyFrames } from './early-key-frames.ts';
import { MediasoupSender } from './mediasoup-sender.ts';
import { receiverSamples } from './rtc-samples.ts';
import { standInTrack } from './stand-in-track.ts';

/** WebRTC of the browser through mediasoup-client. */
export class MediasoupEngine implements MediaEngine {
  #device: Device | undefined;

  async load(routerCapabilities: RtpCapabilities): Promise<RtpCapabilities> {
    try {
      const device = await Device.factory();
      await device.load({ routerRtpCapabilities: routerCapabilities as types.RtpCapabilities });
      this.#device = device;
      return device.recvRtpCapabilities as RtpCapabilities;
    } catch (cause) {
      throw SkeinClientError.browserUnsupported(cause);
    }
  }

  openLink(offer: LinkOffer, signals: LinkSignals): MediaLink {
    if (!this.#device) throw SkeinClientError.engineNotLoaded();
    return new MediasoupLink(this.#device, offer, signals);
  }
}

/** Application data of `produce`, so that its request runs outside of mediasoup-client's queue. */
interface ProduceData extends types.AppData {
  readonly publication: Publication;
  accepted?: Promise<void>;
}

class MediasoupLink implements MediaLink {
  readonly #device: Device;
  readonly #offer: LinkOffer;
  readonly #signals: LinkSignals;
  readonly #receive: types.Transport;
  #send: types.Transport | undefined;
  #watched: RTCDtlsTransport | undefined;
  #produced = 0;
  #closed = false;

  constructor(device: Device, offer: LinkOffer, signals: LinkSignals) {
    this.#device = device;
    this.#offer = offer;
    this.#signals = signals;
    this.#receive = device.createRecvTransport(transportOptions(offer.recvTransport, offer.iceServers));
    this.#wire('recv', this.#receive);
  }

  // Created on demand: a peer connection costs tens of milliseconds, and receiving comes first.
  #sendTransport(): types.Transport {
    if (this.#closed) throw SkeinClientError.roomClosed();
    if (this.#send) return this.#send;
    const { sendTransport, iceServers } = this.#offer;
    const transport = this.#device.createSendTransport(transportOptions(sendTransport, iceServers));
    this.#wire('send', transport);
    transport.on('produce', ({ rtpParameters, appData }, accept) => {
      const data = appData as ProduceData;
      data.accepted = this.#signals.publish(
        data.publication,
        rtpParameters as Parameters<LinkSignals['publish']>[1],
      );
      // Not awaited here: the negotiation of the next track would wait for this round trip.
      data.accepted.catch(() => undefined);
      // A track may be sent twice for a while, and mediasoup-client requires unique ids.
      accept({ id: `${data.publication.trackId}#${++this.#produced}` });
    });
    this.#send = transport;
    return transport;
  }

  async send(publication: Publication, track: MediaStreamTrack, plan: SendPlan): Promise<TrackSender> {
    const codec = this.#device.sendRtpCapabilities.codecs?.find(
      ({ mimeType }) => mimeType.toLowerCase() === plan.mimeType,
    );
    if (!codec) throw SkeinClientError.cannotSend(plan.mimeType);
    const appData: ProduceData = { publication };
    using standIn = track.readyState === 'ended' ? standInTrack(publication.kind) : undefined;
    const producer = await this.#sendTransport().produce({
      track: standIn?.track ?? track,
      codec,
      encodings: plan.encodings.map((encoding) => ({ ...encoding })),
      ...(publication.kind === 'audio' && { codecOptions: audioOptions(plan) }),
      // The capture belongs to the caller: it continues after unpublishing and through migrations.
      stopTracks: false,
      disableTrackOnPause: false,
      zeroRtpOnPause: true,
      appData,
    });
    const sender = new MediasoupSender(producer, track, publication.muted);
    this.#watchEnd(producer.rtpSender?.transport);
    try {
      await appData.accepted;
    } catch (error) {
      sender.close();
      throw error;
    }
    // Not for screens: each key frame of a screen takes as much of a thin link as its next seconds.
    if (publication.source === 'camera') sendEarlyKeyFrames(producer.rtpSender);
    return sender;
  }

  async receive(subscription: ReadySubscription, syncGroup: string): Promise<TrackReceiver> {
    const consumer = await this.#receive.consume({
      id: subscription.subscriptionId,
      producerId: subscription.trackId,
      kind: subscription.kind,
      rtpParameters: subscription.rtpParameters as types.RtpParameters,
      streamId: syncGroup,
    });
    return new MediasoupReceiver(consumer);
  }

  async restartIce(direction: TransportDirection, iceParameters: IceParameters): Promise<void> {
    const transport = direction === 'send' ? this.#send : this.#receive;
    await transport?.restartIce({ iceParameters });
  }

  stopSending(): void {
    this.#closed = true;
    this.#send?.close();
  }

  close(): void {
    this.stopSending();
    this.#receive.close();
  }

  // A node that ends a session closes DTLS, which the state of the peer connection does not show (WebRTC §5.5.1).
  #watchEnd(transport: RTCDtlsTransport | null | undefined): void {
    if (!transport || transport === this.#watched) return;
    this.#watched = transport;
    transport.addEventListener('statechange', () => {
      if (transport.state === 'closed' && !this.#closed) this.#signals.stateChanged('send', 'closed');
    });
  }

  #wire(direction: TransportDirection, transport: types.Transport): void {
    transport.on('connect', ({ dtlsParameters }, connected) => {
      void this.#signals.connectTransport(direction, { role: 'auto', ...dtlsParameters } as Parameters<
        LinkSignals['connectTransport']
      >[1]);
      // ICE may start while the fingerprint travels: the node ignores an early DTLS hello, and browsers repeat it.
      connected();
    });
    transport.on('connectionstatechange', (state) => this.#signals.stateChanged(direction, state));
  }
}

/** Statistics are read in every fourth call only: their cost grows with the streams of the whole link. */
const CALLS_PER_SAMPLE = 4;

class MediasoupReceiver implements TrackReceiver {
  readonly #consumer: types.Consumer;
  #calls = 0;

  constructor(consumer: types.Consumer) {
    this.#consumer = consumer;
  }

  get mediaStreamTrack(): MediaStreamTrack {
    return this.#consumer.track;
  }

  get audioLevel(): number | undefined {
    return this.#consumer.rtpReceiver?.getSynchronizationSources()[0]?.audioLevel;
  }

  // A decoded frame, or played audio, shows here at no cost and some 50 ms before it shows in the statistics. Packets of audio
  // that is not played show in the statistics only.
  async arrived(): Promise<boolean> {
    if (this.#consumer.closed) return false;
    if (this.#consumer.rtpReceiver?.getSynchronizationSources().length) return true;
    if (this.#consumer.kind === 'video' || ++this.#calls % CALLS_PER_SAMPLE !== 0) return false;
    return (await this.sample()).some(({ packets }) => packets > 0);
  }

  async sample(): ReturnType<TrackReceiver['sample']> {
    return this.#consumer.closed ? [] : receiverSamples(await this.#consumer.getStats());
  }

  close(): void {
    this.#consumer.close();
  }
}

function transportOptions(
  offer: TransportOffer,
  iceServers: LinkOffer['iceServers'],
): types.TransportOptions {
  const { id, iceParameters, iceCandidates, dtlsParameters } = offer;
  return {
    id,
    iceParameters,
    iceCandidates: iceCandidates.map((candidate) => ({
      ...candidate,
      address: candidate.address ?? candidate.ip,
    })),
    dtlsParameters,
    iceServers: iceServers.map((server) => ({ ...server })),
  };
}

function audioOptions({ stereo }: SendPlan): types.ProducerCodecOptions {
  return { opusFec: true, opusDtx: false, opusNack: true, opusStereo: stereo };
}
