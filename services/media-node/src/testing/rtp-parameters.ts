import {
  routerRtpCapabilities,
  type RtpCapabilities,
  type RtpParameters,
  type SessionRequest,
} from '@skein/protocol';

/** What clients in tests send and can receive. */
export const anyReceiver: RtpCapabilities = routerRtpCapabilities;

export function audioParameters({ ssrc, mid }: { ssrc: number; mid?: string }): RtpParameters {
  return {
    ...(mid !== undefined && { mid }),
    codecs: [
      {
        mimeType: 'audio/opus',
        clockRate: 48_000,
        channels: 2,
        payloadType: 111,
        parameters: {},
        rtcpFeedback: [],
      },
    ],
    headerExtensions: [],
    encodings: [{ ssrc }],
    rtcp: { cname: `cname-${ssrc}` },
  };
}

export function videoParameters(given: {
  ssrcs: readonly number[];
  mid?: string;
  scalabilityMode?: string;
}): RtpParameters {
  const { ssrcs, mid, scalabilityMode } = given;
  const rtcpFeedback = [
    { type: 'nack' },
    { type: 'nack', parameter: 'pli' },
    { type: 'ccm', parameter: 'fir' },
    { type: 'goog-remb' },
  ];
  return {
    ...(mid !== undefined && { mid }),
    codecs: [{ mimeType: 'video/VP8', clockRate: 90_000, payloadType: 96, parameters: {}, rtcpFeedback }],
    headerExtensions: [],
    encodings: ssrcs.map((ssrc) => ({ ssrc, ...(scalabilityMode !== undefined && { scalabilityMode }) })),
    rtcp: { cname: `cname-${ssrcs[0]}` },
  };
}

/** What a gateway sends with every `open`, besides its room and its grants. */
export const anyOpening = {
  rtpCapabilities: anyReceiver,
  autoSubscribe: false,
  transports: [{ direction: 'send' }, { direction: 'receive' }],
} satisfies Partial<SessionRequest<'open'>>;
