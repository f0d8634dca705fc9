import { z } from 'zod';
import { errorCodes } from './errors.ts';
import { displayName, epoch, identity, metadata, opaqueId, roomName, roomVersion, text } from './fields.ts';
import { limits } from './limits.ts';
import {
  dtlsParameters,
  iceParameters,
  iceServer,
  layers,
  readySubscription,
  rtpCapabilities,
  rtpParameters,
  transportDirection,
  transportOffer,
} from './media.ts';
import { participant, roomChange, roomSnapshot, track, versionedChange, viewerCount } from './room-state.ts';
import { roles } from './roles.ts';
import { trackKinds, trackSources } from './track-kinds.ts';

const nothing = z.object({});

/** A change to one subscription. At least one of its fields besides the id. */
const subscriptionUpdate = z.object({
  subscriptionId: opaqueId,
  paused: z.boolean().optional(),
  preferredLayers: layers.optional(),
});

/** An error of one part of a request. */
const wireError = z.object({
  code: z.enum(errorCodes),
  message: text(),
  details: z.record(text(), z.union([text(), z.number(), z.boolean()])).optional(),
  retryAfterMs: z.number().optional(),
});

/** Why one update was not made. */
const refusedUpdate = z.object({
  subscriptionId: opaqueId,
  error: wireError,
});

/** What came of one track of `subscribeMany`. */
const subscribeResult = z.union([
  z.object({ trackId: opaqueId, subscription: readySubscription }),
  z.object({
    trackId: opaqueId,
    error: wireError,
  }),
]);
export type SubscribeResult = z.infer<typeof subscribeResult>;

/**
 * What a room has come to since a version: all changes in order, or its state. `more`: these are not all yet, `sync` again
 * from the version of the last one.
 */
const newerState = z.union([
  z.object({ changes: z.array(versionedChange), more: z.literal(true).optional() }),
  z.object({ snapshot: roomSnapshot }),
]);

/**
 * Of requests that belong to one session's transports: which session is meant. Once the gateway holds another one, it
 * refuses them with `STALE_EPOCH`, so that what was sent just before `sessionMoved` never reaches the new session.
 */
const ofSession = { epoch: epoch.optional() };

/** What a gateway has to know of a client to place it, now and whenever it is moved. */
const joinFields = {
  protocolVersion: z.number().int(),
  room: roomName,
  /** Unique in the room; a second join with the same one takes over. Made by the gateway when absent. */
  identity: identity.optional(),
  name: displayName,
  metadata: metadata.optional(),
  /** A viewer is in no list of participants, and its coming and going is told to nobody. Default `participant`. */
  role: z.enum(roles).default('participant'),
  /** What this client can receive; the answer's subscriptions match it. */
  rtpCapabilities,
  /**
   * Answer with ready subscriptions to the room's tracks, microphones first. So many as fit into one answer: the client
   * asks for the others with `subscribeMany`. Default true.
   */
  autoSubscribe: z.boolean().default(true),
  /** For tests and demos: be placed on this node. */
  nodeId: opaqueId.optional(),
  /** Names this client's stay in the room: made by the client once, and the same in every `join` and `resume` of that stay. */
  stayId: opaqueId.optional(),
  /** Prefer nodes of this region; default: the gateway's. */
  region: opaqueId.optional(),
};

/** A session's media on its node: what the client needs to take it up. */
const sessionMedia = {
  sessionId: opaqueId,
  epoch,
  nodeId: opaqueId,
  /** Proves to any gateway that this client holds the session; secret. */
  resumeToken: opaqueId,
  sendTransport: transportOffer,
  recvTransport: transportOffer,
  iceServers: z.array(iceServer),
  subscriptions: z.array(readySubscription),
};

/**
 * Every request that a client can make: what it sends and what it gets. Requests carry a client-made id and
 * are safe to repeat: a track or a subscription that exists already is answered as it is.
 */
export const clientMethods = {
  /** First request on a socket. Places the participant and answers with all it needs for media. */
  join: {
    request: z.object({
      ...joinFields,
      /**
       * Of a client that was in the room and comes back without being asked: the highest epoch that it had. Fails
       * `SUPERSEDED` when another stay has taken the identity since. Absent: takes over from whoever has it.
       */
      lastEpoch: epoch.optional(),
    }),
    response: z.object({
      ...sessionMedia,
      identity,
      room: roomSnapshot,
    }),
  },
  /**
   * In place of `join`, on a new socket: goes on with a session whose socket was lost. Its media is not touched.
   * Fails `SESSION_NOT_FOUND` or `STALE_EPOCH` when the session is over: then join anew with the same identity.
   */
  resume: {
    request: z.object({
      ...joinFields,
      identity,
      sessionId: opaqueId,
      epoch,
      nodeId: opaqueId,
      resumeToken: opaqueId,
      /** The version of the room's state that the client holds. */
      version: roomVersion,
    }),
    response: z.object({
      resumeToken: opaqueId,
      state: newerState,
      /** As the gateway knows it; absent where it does not. */
      viewers: viewerCount.optional(),
    }),
  },
  /** Lets go of the session that `sessionMoved` (mode `switch`) replaced: its media is no longer needed. */
  finishMove: { request: z.object({ epoch }), response: nothing },
  /** Gives the client's DTLS fingerprint for one transport. Once each; ICE and DTLS then run by themselves. */
  connectTransport: {
    request: z.object({ ...ofSession, direction: transportDirection, dtlsParameters }),
    response: nothing,
  },
  /** New ICE credentials for one transport, after the client's network changed. */
  restartIce: {
    request: z.object({ ...ofSession, direction: transportDirection }),
    response: z.object({ iceParameters }),
  },
  /**
   * Nothing comes through to the node of this session, also after `restartIce`: it ends, and the client is placed again, on
   * another node if there is one. `sessionMoved` follows, or `sessionClosed` after too many of them in a row.
   */
  reportMediaLoss: { request: z.object({ ...ofSession }), response: nothing },
  /**
   * Publishes a track; a viewer is refused with `PERMISSION_DENIED`. `trackId` is the client's, so that a repeat or a
   * migration names the same track. A repeat with other `rtpParameters` replaces the streams behind the track: subscribers
   * get `subscriptionClosed` with reason `source-replaced`, and the old streams are forwarded for 4 s more.
   */
  publish: {
    request: z.object({
      ...ofSession,
      trackId: opaqueId,
      kind: z.enum(trackKinds),
      source: z.enum(trackSources),
      name: displayName.optional(),
      muted: z.boolean().default(false),
      rtpParameters,
    }),
    response: z.object({ trackId: opaqueId }),
  },
  unpublish: { request: z.object({ trackId: opaqueId }), response: nothing },
  /** Stops or resumes forwarding of one's own track, for everyone, and shows it in the room's state. */
  setTrackMuted: { request: z.object({ trackId: opaqueId, muted: z.boolean() }), response: nothing },
  /**
   * Asks for a track of the room. The subscription starts paused; resume it once it can be decoded. Of `preferredLayers` the
   * best at or below that the track has are sent.
   */
  subscribe: {
    request: z.object({ trackId: opaqueId, preferredLayers: layers.optional() }),
    response: readySubscription,
  },
  /**
   * Asks for several tracks at once. Each has a result of its own, and one that fails harms no other. The results of one
   * answer are bounded (`limits.subscriptionsPerAnswer`, `limits.subscriptionBytesPerAnswer`): a track without one is to be
   * asked for again. There is always at least one result.
   */
  subscribeMany: {
    request: z.object({
      ...ofSession,
      tracks: z
        .array(z.object({ trackId: opaqueId, preferredLayers: layers.optional() }))
        .min(1)
        .max(limits.subscriptionsPerAnswer),
    }),
    response: z.object({ results: z.array(subscribeResult) }),
  },
  /**
   * Pauses, resumes, or chooses layers of subscriptions; one request for many. Each update stands alone: `refused` lists
   * those that failed, the others are made. Fails only when every update is refused.
   */
  updateSubscriptions: {
    request: z.object({ updates: z.array(subscriptionUpdate).min(1).max(limits.subscriptionsPerRequest) }),
    response: z.object({ refused: z.array(refusedUpdate).optional() }),
  },
  unsubscribe: { request: z.object({ subscriptionId: opaqueId }), response: nothing },
  /** Brings the room's state up to date: what came after `version`, or all of it when that is too long ago. */
  sync: {
    request: z.object({ version: roomVersion }),
    response: newerState,
  },
  /**
   * One page of a snapshot that had `pages`: `page` counts from 0. Fails `INVALID_ARGUMENT` when the gateway does not hold
   * that version any more, 30 s after it was last asked for: then `sync` from version 0.
   */
  roomPage: {
    request: z.object({ version: roomVersion, page: z.number().int().nonnegative() }),
    response: z.object({ participants: z.array(participant), tracks: z.array(track) }),
  },
  /** Measures the round trip of signaling and proves both ends alive. */
  ping: { request: nothing, response: nothing },
  /** Leaves the room; the gateway closes the socket afterwards. */
  leave: { request: nothing, response: nothing },
} as const;

export type ClientMethod = keyof typeof clientMethods;
/** A request's data as the client writes it (defaults may be left out). */
export type ClientRequestInput<Method extends ClientMethod> = z.input<
  (typeof clientMethods)[Method]['request']
>;
/** A request's data after parsing. */
export type ClientRequest<Method extends ClientMethod> = z.output<(typeof clientMethods)[Method]['request']>;
export type ClientResponse<Method extends ClientMethod> = z.output<
  (typeof clientMethods)[Method]['response']
>;

/** What a client asks for when it joins, whichever edge it comes in by. Parsed, defaults filled in. */
export type JoinRequest = Readonly<Omit<ClientRequest<'join'>, 'protocolVersion'>>;

/** Why a session ended without the client asking. */
export const sessionEndReasons = [
  /** The same identity joined again. */
  'superseded',
  /** The media worker that carried it died. */
  'worker-died',
  /** The media node is shutting down. */
  'node-stopped',
  /** No media came through between the client and any node that it was placed on. */
  'media-timeout',
  /** Removed by an operator. */
  'removed',
] as const;
export type SessionEndReason = (typeof sessionEndReasons)[number];

/** Every event that the gateway sends. Those of the room carry its `version`. */
export const clientEvents = {
  /** First message on a socket. Load the device with the capabilities, then join. */
  welcome: z.object({
    protocolVersion: z.number().int(),
    routerRtpCapabilities: rtpCapabilities,
    /** The gateway pings a socket that it has heard nothing of for so long, and closes it 4 s later. */
    heartbeatIntervalMs: z.number().int(),
    /** Public addresses of gateways, where a client goes on when it loses this one. Absent when none are configured. */
    gateways: z.array(text(limits.gatewayUrlLength)).max(limits.gatewayUrls).optional(),
  }),
  /** One change of the room; apply those newer than the snapshot, in order. May come before the join answer. */
  roomChanged: roomChange,
  /** The whole state, when the changes in between could not be had. Replaces what the client holds. */
  roomReplaced: roomSnapshot,
  /** There are so many viewers now. At most once a second, only when it has changed, without a version. */
  viewersChanged: z.object({ viewers: viewerCount }),
  subscriptionClosed: z.object({ subscriptionId: opaqueId, trackId: opaqueId, reason: text() }),
  /** Which layers are being received; absent while none is. */
  subscriptionLayersChanged: z.object({
    subscriptionId: opaqueId,
    trackId: opaqueId,
    layers: layers.optional(),
  }),
  /**
   * The session goes on elsewhere: requests go to the new one from now on. `rebuild`: the old media is gone. `switch`:
   * it still flows; take up the new one beside it, then `finishMove`, within `deadlineMs`.
   */
  sessionMoved: z.object({
    ...sessionMedia,
    mode: z.enum(['rebuild', 'switch']),
    reason: text(64),
    deadlineMs: z.number().int(),
  }),
  /** This gateway is going away: connect to another one within this time and resume there. Media is not touched. */
  moveOver: z.object({ withinMs: z.number().int() }),
  /** The session is over; the socket stays, requests on it get `STALE_EPOCH`. */
  sessionClosed: z.object({ reason: z.enum(sessionEndReasons) }),
  /** The gateway is about to close this socket. */
  error: z.object({ code: text(), message: text() }),
} as const;

export type ClientEventName = keyof typeof clientEvents;
export type ClientEvent<Name extends ClientEventName> = z.output<(typeof clientEvents)[Name]>;

/** The outer form of a client's message. */
export const clientEnvelope = z.object({
  id: text(limits.requestIdLength).min(1),
  method: text(64),
  data: z.unknown().optional(),
});
export type ClientEnvelope = z.infer<typeof clientEnvelope>;
