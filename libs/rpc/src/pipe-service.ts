import { epoch, layers, opaqueId, roomName, text, trackKinds } from '@skein/protocol';
import { z } from 'zod';
import type { PipeServiceDefinition } from './generated/skein/pipe/v1/PipeService.ts';
import {
  defineService,
  serverStream,
  unary,
  type Handlers,
  type ServiceClient,
} from './service-definition.ts';

/** SRTP suites that both ends can speak, by their names in RFC 5764 and RFC 7714. */
export const srtpSuites = [
  'AEAD_AES_256_GCM',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
] as const;

/** One end of a pipe: its node, the address that receives packets, and the SRTP key that it sends with. */
export const pipeEnd = z.object({
  nodeId: opaqueId,
  routerId: opaqueId,
  instanceId: opaqueId,
  ip: z.union([z.ipv4(), z.ipv6()], 'must be an IP address'),
  port: z.number().int().min(1, 'must be 1-65535').max(65535, 'must be 1-65535'),
  srtp: z.object({
    cryptoSuite: z.enum(srtpSuites),
    keyBase64: z.base64().min(1, 'must not be empty').max(128),
  }),
});
export type PipeEnd = z.infer<typeof pipeEnd>;

export const openPipeRequest = z.object({ room: roomName, caller: pipeEnd, routerId: opaqueId });
export type OpenPipeRequest = z.infer<typeof openPipeRequest>;

export const openPipeResponse = z.object({ callee: pipeEnd });
export type OpenPipeResponse = z.infer<typeof openPipeResponse>;

const instances = { callerInstanceId: opaqueId, calleeInstanceId: opaqueId };

export const pullTrackRequest = z.object({
  room: roomName,
  trackId: opaqueId,
  epoch,
  ...instances,
  pullId: opaqueId,
  relayFrom: z.object({ nodeId: opaqueId, routerId: opaqueId }).nullish(),
});
export type PullTrackRequest = z.infer<typeof pullTrackRequest>;

const RTP_PARAMETERS_LENGTH = 64 * 1024;

/** An update about a track that the sending node sends into a pipe; the first one is `opened`. */
export const trackUpdate = z.discriminatedUnion('update', [
  z.object({
    update: z.literal('opened'),
    opened: z.object({
      kind: z.enum(trackKinds),
      rtpParametersJson: text(RTP_PARAMETERS_LENGTH),
      muted: z.boolean(),
    }),
  }),
  z.object({ update: z.literal('muted'), muted: z.object({ muted: z.boolean() }) }),
  z.object({ update: z.literal('layers'), layers: layers.required() }),
  z.object({ update: z.literal('closed'), closed: z.object({ reason: text(256) }) }),
]);
export type TrackUpdate = z.infer<typeof trackUpdate>;

export const releaseTrackRequest = z.object({
  room: roomName,
  trackId: opaqueId,
  epoch,
  calleeInstanceId: opaqueId,
  pullId: opaqueId,
});
export type ReleaseTrackRequest = z.infer<typeof releaseTrackRequest>;

/** The most pipes in one probe; further ones wait for the next. */
export const MAX_PROBED_PIPES = 256;

const pipeProbe = z.object({ room: roomName, ...instances });
export type PipeProbe = z.infer<typeof pipeProbe>;

const pipeProbes = z.array(pipeProbe).max(MAX_PROBED_PIPES);

export const probePipesRequest = z.object({ pipes: pipeProbes, givenUp: pipeProbes.optional() });
export type ProbePipesRequest = z.infer<typeof probePipesRequest>;

const byteCount = z.number().int().nonnegative();
const pipeEndCounters = z.object({
  known: z.boolean(),
  late: z.boolean(),
  sentBytes: byteCount,
  receivedBytes: byteCount,
});
/** What one end of a pipe has sent and received; `known`: whether it is still there; `late`: the bytes are not known. */
export type PipeEndCounters = z.infer<typeof pipeEndCounters>;

export const probePipesResponse = z.object({ ends: z.array(pipeEndCounters).max(MAX_PROBED_PIPES) });
export type ProbePipesResponse = z.infer<typeof probePipesResponse>;

export const offerRelayRequest = z.object({
  room: roomName,
  originNodeId: opaqueId,
  givenUp: pipeProbes.optional(),
});
export type OfferRelayRequest = z.infer<typeof offerRelayRequest>;

export const offerRelayResponse = z.object({ routerId: opaqueId });
export type OfferRelayResponse = z.infer<typeof offerRelayResponse>;

export const closePipeRequest = z.object({ room: roomName, ...instances });
export type ClosePipeRequest = z.infer<typeof closePipeRequest>;

export const closePipeResponse = z.object({ closed: z.boolean() });
export type ClosePipeResponse = z.infer<typeof closePipeResponse>;

/** Media node to media node. */
export const pipeService = defineService<PipeServiceDefinition>()('skein.pipe.v1.PipeService', {
  openPipe: unary({ request: openPipeRequest, response: openPipeResponse }),
  pullTrack: serverStream({ request: pullTrackRequest, response: trackUpdate }),
  releaseTrack: unary({ request: releaseTrackRequest, response: z.object({}) }),
  probePipes: unary({ request: probePipesRequest, response: probePipesResponse }),
  offerRelay: unary({ request: offerRelayRequest, response: offerRelayResponse }),
  closePipe: unary({ request: closePipeRequest, response: closePipeResponse }),
});

export type PipeServiceHandlers = Handlers<typeof pipeService>;
export type PipeServiceClient = ServiceClient<typeof pipeService>;
