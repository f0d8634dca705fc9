import { z } from 'zod';
import { epoch, opaqueId, text } from './fields.ts';
import { trackKinds } from './track-kinds.ts';

const parameterValue = z.union([text(1024), z.number(), z.boolean()]);
const codecParameters = z.record(text(64), parameterValue);
const rtcpFeedback = z.array(z.object({ type: text(32), parameter: text(32).optional() })).max(32);
const payloadType = z.number().int().min(0).max(127);
const ssrc = z.number().int().min(1).max(0xffffffff);

const codecFields = {
  mimeType: z.string().regex(/^(audio|video)\/[\w.+-]{1,64}$/i, 'must look like video/VP8'),
  clockRate: z.number().int().positive(),
  channels: z.number().int().min(1).max(255).optional(),
  parameters: codecParameters.optional(),
  rtcpFeedback: rtcpFeedback.optional(),
};

/** What an endpoint can receive (ORTC `RTCRtpCapabilities`). */
export const rtpCapabilities = z.object({
  codecs: z
    .array(z.object({ ...codecFields, kind: z.enum(trackKinds), preferredPayloadType: payloadType }))
    .max(128),
  headerExtensions: z
    .array(
      z.object({
        kind: z.enum(trackKinds),
        uri: text(256),
        preferredId: z.number().int().min(1).max(255),
        preferredEncrypt: z.boolean().optional(),
        direction: z.enum(['sendrecv', 'sendonly', 'recvonly', 'inactive']).optional(),
      }),
    )
    .max(64)
    .default([]),
});
export type RtpCapabilities = z.infer<typeof rtpCapabilities>;

/** How one track is sent (ORTC `RTCRtpParameters`). */
export const rtpParameters = z.object({
  mid: text(32).optional(),
  codecs: z
    .array(z.object({ ...codecFields, payloadType }))
    .min(1)
    .max(32),
  headerExtensions: z
    .array(
      z.object({
        uri: text(256),
        id: z.number().int().min(1).max(255),
        encrypt: z.boolean().optional(),
        parameters: codecParameters.optional(),
      }),
    )
    .max(32)
    .default([]),
  encodings: z
    .array(
      z.object({
        ssrc: ssrc.optional(),
        rid: text(32).optional(),
        codecPayloadType: payloadType.optional(),
        rtx: z.object({ ssrc }).optional(),
        dtx: z.boolean().optional(),
        scalabilityMode: text(32).optional(),
        maxBitrate: z.number().int().positive().optional(),
      }),
    )
    .min(1)
    .max(8),
  rtcp: z
    .object({
      cname: text(256).optional(),
      reducedSize: z.boolean().optional(),
      mux: z.boolean().optional(),
    })
    .default({}),
  msid: text(256).optional(),
});
export type RtpParameters = z.infer<typeof rtpParameters>;

export const dtlsParameters = z.object({
  role: z.enum(['auto', 'client', 'server']).default('auto'),
  fingerprints: z
    .array(
      z.object({
        algorithm: z.enum(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: z
          .string()
          .regex(/^([0-9A-Fa-f]{2}:){19,63}[0-9A-Fa-f]{2}$/, 'must be colon-separated hexadecimal'),
      }),
    )
    .min(1)
    .max(8),
});
export type DtlsParameters = z.infer<typeof dtlsParameters>;

export const iceParameters = z.object({
  usernameFragment: text(),
  password: text(),
  iceLite: z.boolean().optional(),
});
export type IceParameters = z.infer<typeof iceParameters>;

const iceCandidate = z.object({
  foundation: text(),
  priority: z.number(),
  ip: text(),
  address: text().optional(),
  protocol: z.enum(['udp', 'tcp']),
  port: z.number().int(),
  type: z.enum(['host', 'srflx', 'prflx', 'relay']),
  tcpType: z.enum(['active', 'passive', 'so']).optional(),
});

/** One transport of a session on its node: what the client needs to connect to it. */
export const transportOffer = z.object({
  id: text(),
  iceParameters,
  iceCandidates: z.array(iceCandidate),
  dtlsParameters,
});
export type TransportOffer = z.infer<typeof transportOffer>;

/** The client's view: `send` carries what it publishes, `recv` what it subscribes to. */
export const transportDirection = z.enum(['send', 'recv']);
export type TransportDirection = z.infer<typeof transportDirection>;

/** A WebRTC transport that a gateway requests for a session. `direction` is the client's view; `both` carries both. */
export const transportRequest = z.object({ direction: z.enum(['send', 'receive', 'both']) });
export type TransportRequest = Readonly<z.infer<typeof transportRequest>>;

/** Whether the transport carries media in the `wanted` direction. */
export function carries({ direction }: TransportRequest, wanted: TransportDirection): boolean {
  return direction === 'both' || direction === (wanted === 'send' ? 'send' : 'receive');
}

/** Simulcast or SVC layers, counted from 0, the lowest. */
export const layers = z.object({
  spatialLayer: z.number().int().min(0).max(7),
  temporalLayer: z.number().int().min(0).max(7).optional(),
});
export type Layers = z.infer<typeof layers>;

/** A subscription with all that the client needs to decode its track. Starts paused. */
export const readySubscription = z.object({
  subscriptionId: opaqueId,
  trackId: opaqueId,
  /** The epoch of the track's publication: another epoch is another source of the same track. */
  epoch,
  kind: z.enum(trackKinds),
  rtpParameters,
  /** `simulcast` and `svc` have layers to select; `simple` has not. */
  type: z.enum(['simple', 'simulcast', 'svc']),
  /** The publisher has muted the track. */
  trackMuted: z.boolean(),
});
export type ReadySubscription = z.infer<typeof readySubscription>;

/** A STUN or TURN server (W3C `RTCIceServer`). */
export const iceServer = z.object({
  urls: z.array(text()),
  username: text().optional(),
  credential: text().optional(),
});
export type IceServer = z.infer<typeof iceServer>;
