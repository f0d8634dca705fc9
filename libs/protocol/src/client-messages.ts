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

/** A change to one subscription: at least one field besides the id. */
const subscriptionUpdate = z.object({
  subscriptionId: opaqueId,
  paused: z.boolean().optional(),
  preferredLayers: layers.optional(),
});

/** The error of one part of a request; see `WireError`. */
const wireError = z.object({
  code: z.enum(errorCodes),
  message: text(),
  details: z.record(text(), z.union([text(), z.number(), z.boolean()])).optional(),
  retryAfterMs: z.number().optional(),
});

/** An update that failed. */
const refusedUpdate = z.object({
  subscriptionId: opaqueId,
  error: wireError,
});

/** The result of one track of `subscribeMany`. */
const subscribeResult = z.union([
  z.object({ trackId: opaqueId, subscription: readySubscription }),
  z.object({
    trackId: opaqueId,
    error: wireError,
  }),
]);
export type SubscribeResult = z.infer<typeof subscribeResult>;

/**
 * The state of a room since a version: the changes in order, or a snapshot. `more`: further changes follow, `sync` from the
 * version of the last one.
 */
const newerState = z.union([
  z.object({ changes: z.array(versionedChange), more: z.literal(true).optional() }),
  z.object({ snapshot: roomSnapshot }),
]);

/**
 * The session that a request concerns. The gateway rejects it with `STALE_EPOCH` once another session has replaced that
 * one, so that a request sent just before `sessionMoved` never reaches the new session.
 */
const ofSession = { epoch: epoch.optional() };

/** What a gateway needs to place a client, at the join and at each migration. */
const joinFields = {
  protocolVersion: z.number().int(),
  room: roomName,
  /** Unique in the room; a second join with the same identity takes over. Absent: the gateway makes one. */
  identity: identity.optional(),
  name: displayName,
  metadata: metadata.optional(),
  /** Viewers are in no list of participants, and their joins and leaves are not broadcast. Default `participant`. */
  role: z.enum(roles).default('participant'),
  /** What this client can receive; its subscriptions match it. */
  rtpCapabilities,
  /**
   * Answer with ready subscriptions to the room's tracks, microphones first, as many as fit into one answer; the client
   * requests the others with `subscribeMany`. Default true.
   */
  autoSubscribe: z.boolean().default(true),
  /** For tests and demos: the media node to use. Fails `PERMISSION_DENIED` where the gateway does not allow it. */
  nodeId: opaqueId.optional(),
  /** Names one participation, from entering the room to leaving it: made by the client, the same in every `join` and `resume`. */
  stayId: opaqueId.optional(),
  /** Preferred region of media nodes. Default: the gateway's. */
  region: opaqueId.optional(),
};

/** A session's media on its node: what the client needs to connect to it. */
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
 * Every request of a client, with its answer. Requests carry a client-made id and are idempotent: repeating one returns
 * the existing track or subscription. Any of them may fail `TOO_MANY_REQUESTS`, `UNAVAILABLE` or `DEADLINE_EXCEEDED`, and
 * after the session `STALE_EPOCH`; `docs/protocol.md` lists the other errors of each.
 */
export const clientMethods = {
  /** First request on a socket. Places the participant and returns the room and everything that media needs. */
  join: {
    request: z.object({
      ...joinFields,
      /**
       * For an automatic rejoin: the highest epoch that the client had. Fails `SUPERSEDED` when another client has taken
       * the identity since. Absent: takes the identity over.
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
   * Replaces `join` on a new socket: continues a session whose socket was lost. Its media is not touched. Fails
   * `SESSION_NOT_FOUND` or `STALE_EPOCH` when the session is over: then join with the same identity.
   */
  resume: {
    request: z.object({
      ...joinFields,
      identity,
      sessionId: opaqueId,
      epoch,
      nodeId: opaqueId,
      resumeToken: opaqueId,
      /** The client's version of the room's state. */
      version: roomVersion,
    }),
    response: z.object({
      resumeToken: opaqueId,
      state: newerState,
      /** Absent when the gateway does not know the number. */
      viewers: viewerCount.optional(),
    }),
  },
  /** Releases the session that a `sessionMoved` (mode `switch`) replaced. `epoch`: the new session's. */
  finishMove: { request: z.object({ epoch }), response: nothing },
  /** Sets the client's DTLS fingerprint for one transport, once. Fails `TRANSPORT_STATE` for a second one that differs. */
  connectTransport: {
    request: z.object({ ...ofSession, direction: transportDirection, dtlsParameters }),
    response: nothing,
  },
  /** Returns new ICE credentials for one transport (RFC 8445 §9). */
  restartIce: {
    request: z.object({ ...ofSession, direction: transportDirection }),
    response: z.object({ iceParameters }),
  },
  /**
   * The media path to the session's node is dead, even after `restartIce`. The session ends, and the gateway places the
   * client again, on another node if there is one. `sessionMoved` follows, or `sessionClosed` after too many in a row.
   */
  reportMediaLoss: { request: z.object({ ...ofSession }), response: nothing },
  /**
   * Publishes a track. Fails `PERMISSION_DENIED` for viewers. The client makes `trackId`, so that a repeat or a migration
   * names the same track. A repeat with other `rtpParameters` replaces the streams of the track: subscribers get
   * `subscriptionClosed` with reason `source-replaced`, and the node forwards the old streams for another 4 s.
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
  /** Removes a track from the room. Fails `PERMISSION_DENIED` for viewers. */
  unpublish: { request: z.object({ trackId: opaqueId }), response: nothing },
  /** Stops or restarts forwarding of the client's own track to everyone and updates the room's state. Fails `TRACK_NOT_FOUND`. */
  setTrackMuted: { request: z.object({ trackId: opaqueId, muted: z.boolean() }), response: nothing },
  /**
   * Subscribes to a track of the room. The subscription starts paused; resume it when the client can decode it. The node
   * forwards the best layers that the track has at or below `preferredLayers`.
   */
  subscribe: {
    request: z.object({ trackId: opaqueId, preferredLayers: layers.optional() }),
    response: readySubscription,
  },
  /**
   * Subscribes to several tracks. Each succeeds or fails on its own. The results of one answer are bounded
   * (`limits.subscriptionsPerAnswer`, `limits.subscriptionBytesPerAnswer`): request a track without a result again. The
   * answer has at least one result.
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
   * Pauses or resumes subscriptions, or selects their layers. Each update succeeds or fails on its own: `refused` lists
   * the failed ones. The request fails only when every update does.
   */
  updateSubscriptions: {
    request: z.object({ updates: z.array(subscriptionUpdate).min(1).max(limits.subscriptionsPerRequest) }),
    response: z.object({ refused: z.array(refusedUpdate).optional() }),
  },
  /** Ends a subscription. */
  unsubscribe: { request: z.object({ subscriptionId: opaqueId }), response: nothing },
  /** Returns the changes of the room after `version`, or a snapshot when that version is too old. */
  sync: {
    request: z.object({ version: roomVersion }),
    response: newerState,
  },
  /**
   * Returns one page of a snapshot that had `pages`; `page` counts from 0. Fails `INVALID_ARGUMENT` when the gateway no
   * longer has that version, 30 s after the last request for it: then `sync` from version 0.
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
/** A request's data as the client writes it: fields with defaults are optional. */
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

/** Why a session ended without a request of its client. */
export const sessionEndReasons = [
  /** The same identity joined again. */
  'superseded',
  /** The media worker that carried it died. */
  'worker-died',
  /** The media node is shutting down. */
  'node-stopped',
  /** Media reached none of the nodes that the client was placed on. */
  'media-timeout',
  /** Removed by an operator. */
  'removed',
] as const;
export type SessionEndReason = (typeof sessionEndReasons)[number];

/** Every event of a gateway. The events of a room carry its `version`. */
export const clientEvents = {
  /** First message on a socket. Load the device with the capabilities, then join. */
  welcome: z.object({
    protocolVersion: z.number().int(),
    routerRtpCapabilities: rtpCapabilities,
    /** Silence after which the gateway pings a socket, in milliseconds; it closes the socket 4 s later. */
    heartbeatIntervalMs: z.number().int(),
    /** Public addresses of gateways, for a client that loses this one. Absent when none are configured. */
    gateways: z.array(text(limits.gatewayUrlLength)).max(limits.gatewayUrls).optional(),
  }),
  /** One change of the room; apply those newer than the snapshot, in order. May precede the join answer. */
  roomChanged: roomChange,
  /** The whole state, when the changes in between are not available. Replaces the client's state. */
  roomReplaced: roomSnapshot,
  /** Current number of viewers. At most once a second, only when it has changed, without a version. */
  viewersChanged: z.object({ viewers: viewerCount }),
  /** A subscription has ended. `reason`: `track-ended`, `source-lost`, `source-replaced`. */
  subscriptionClosed: z.object({ subscriptionId: opaqueId, trackId: opaqueId, reason: text() }),
  /** The layers that the client receives now; absent while it receives none. */
  subscriptionLayersChanged: z.object({
    subscriptionId: opaqueId,
    trackId: opaqueId,
    layers: layers.optional(),
  }),
  /**
   * The session has migrated; requests now go to the new one. `rebuild`: the old media is gone; publish the tracks again
   * within `deadlineMs`. `switch`: it still flows; connect the new media beside it, then `finishMove` within `deadlineMs`.
   */
  sessionMoved: z.object({
    ...sessionMedia,
    mode: z.enum(['rebuild', 'switch']),
    reason: text(64),
    deadlineMs: z.number().int(),
  }),
  /** This gateway is about to stop: resume at another one within `withinMs`. Media is not touched. */
  moveOver: z.object({ withinMs: z.number().int() }),
  /** The session is over. The socket stays open; its requests get `STALE_EPOCH`. */
  sessionClosed: z.object({ reason: z.enum(sessionEndReasons) }),
  /** The gateway is about to close this socket for this reason. */
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
