import { z } from 'zod';
import { clientEvents, clientMethods, sessionEndReasons } from './client-messages.ts';
import { identity, opaqueId, roomVersion, text } from './fields.ts';
import { grants } from './grants.ts';
import { limits } from './limits.ts';
import {
  carries,
  readySubscription,
  rtpCapabilities,
  transportOffer,
  transportRequest,
  type TransportRequest,
} from './media.ts';
import { participant } from './room-state.ts';
import { sessionRef } from './session-ref.ts';

const nothing = z.object({});

function hasOneOfEachDirection(transports: readonly TransportRequest[]): boolean {
  return (['send', 'recv'] as const).every(
    (wanted) => transports.filter((one) => carries(one, wanted)).length <= 1,
  );
}

/**
 * Requests of a gateway to the node of a session, over `skein.node.<nodeId>.session`. Those without a docstring forward the
 * client's request of the same name. `requiredGrants` has the grant that each of them requires.
 */
export const sessionMethods = {
  /**
   * Makes the session's transports and its ready subscriptions, as many as one answer holds. Repeating it for the same
   * epoch answers the same. A cluster is upgraded as one: a gateway that names neither transports nor grants is from an
   * earlier version and gets `INVALID_ARGUMENT`; a gateway whose node answers without `transports` fails `UNAVAILABLE`.
   */
  open: {
    request: z
      .object({
        identity,
        /** The room's version that placed this session; the node waits until its own view is not older. */
        roomVersion,
        rtpCapabilities,
        autoSubscribe: z.boolean(),
        grants,
        /** At most one that sends and one that receives; `both` counts as each. */
        transports: z
          .array(transportRequest)
          .min(1)
          .max(limits.transportsPerSession)
          .refine(hasOneOfEachDirection, 'may have one transport that sends and one that receives'),
        /** The participant's entry. Absent for a `listed` participant, whose entry is in the room's state. */
        entry: participant.optional(),
      })
      .refine(({ grants: { visibility }, entry }) => (visibility === 'listed') === (entry === undefined), {
        path: ['entry'],
        message: 'must be there exactly when the grants do not list the participant',
      }),
    response: z.object({
      /** Made by the node; `attach` requires it. */
      resumeToken: opaqueId,
      /** Numbers the gateways that have held the session; the highest one holds it. */
      attachment: z.number().int(),
      /** One per requested transport, in the same order. */
      transports: z.array(transportOffer).max(limits.transportsPerSession),
      subscriptions: z.array(readySubscription),
    }),
  },
  connectTransport: clientMethods.connectTransport,
  restartIce: clientMethods.restartIce,
  reportMediaLoss: clientMethods.reportMediaLoss,
  publish: clientMethods.publish,
  unpublish: clientMethods.unpublish,
  setTrackMuted: clientMethods.setTrackMuted,
  subscribe: clientMethods.subscribe,
  subscribeMany: clientMethods.subscribeMany,
  updateSubscriptions: clientMethods.updateSubscriptions,
  unsubscribe: clientMethods.unsubscribe,
  /**
   * Another gateway takes the session over for its client. Fails `SESSION_NOT_FOUND` for a wrong token or another
   * participant's token.
   */
  attach: {
    request: z.object({
      resumeToken: opaqueId,
      /** The identity that the client claims. Gateways of earlier versions omit it. */
      identity: identity.optional(),
    }),
    response: z.object({
      resumeToken: opaqueId,
      attachment: z.number().int(),
      /** The grants of the session, whatever the client claims now. */
      grants,
    }),
  },
  /** The client's socket was lost: the session ends unless a gateway attaches within `graceMs`. Ignores a stale attachment. */
  detach: {
    request: z.object({ attachment: z.number().int(), graceMs: z.number().int().min(0).max(120_000) }),
    response: nothing,
  },
  /**
   * Ends the session and removes its participant from the room's state, unless it was placed again since. Ignores a stale
   * attachment. `moved`: the session ends once its tracks have no receivers, after 5 s at most.
   */
  close: {
    request: z.object({
      reason: z.enum(['left', 'disconnected', 'superseded', 'moved']),
      attachment: z.number().int().optional(),
    }),
    response: nothing,
  },
} as const;

export type SessionMethod = keyof typeof sessionMethods;
export type SessionRequest<Method extends SessionMethod> = z.output<
  (typeof sessionMethods)[Method]['request']
>;
export type SessionResponse<Method extends SessionMethod> = z.output<
  (typeof sessionMethods)[Method]['response']
>;

/** The outer form of such a request. Fails `STALE_EPOCH` when `epoch` is not the session's. */
export const sessionEnvelope = sessionRef.pick({ room: true, sessionId: true, epoch: true }).extend({
  method: z.enum(Object.keys(sessionMethods) as [SessionMethod, ...SessionMethod[]]),
  data: z.unknown(),
});
export type SessionEnvelope = z.infer<typeof sessionEnvelope>;

/** Events of a session for the gateway of its client, from its node or another gateway, over `skein.session.<sessionId>`. */
export const sessionEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('subscriptionClosed'), data: clientEvents.subscriptionClosed }),
  z.object({ event: z.literal('subscriptionLayersChanged'), data: clientEvents.subscriptionLayersChanged }),
  /** The node requests that the gateway migrates this session; it keeps the session until then, `deadlineMs` at most. */
  z.object({
    event: z.literal('moveRequested'),
    data: z.object({ reason: z.enum(['drain', 'rebalance']), deadlineMs: z.number().int() }),
  }),
  /** Another gateway has attached: the gateway that held the session before releases it. */
  z.object({ event: z.literal('attached'), data: z.object({ attachment: z.number().int() }) }),
  z.object({ event: z.literal('sessionClosed'), data: z.object({ reason: z.enum(sessionEndReasons) }) }),
]);
export type SessionEvent = z.infer<typeof sessionEvent>;

/** The load that a node last measured. */
export const nodeLoad = z.object({
  /** RTP packets per second, received and sent, over all workers. */
  packetsPerSecond: z.number().nonnegative(),
  /** CPU of the busiest worker, 1 = one core. */
  busiestWorkerCpu: z.number().nonnegative(),
  sessions: z.number().int().nonnegative(),
  /** Share of the capacity in use, hard limits included: 1 is full. Placement compares it. */
  used: z.number().nonnegative(),
  /**
   * The highest share of a hard limit (sessions, rooms, transports…) in use: at 1 the node rejects every session. Nodes of
   * earlier versions omit it.
   */
  limitsUsed: z.number().nonnegative().optional(),
});
export type NodeLoad = z.infer<typeof nodeLoad>;

export const nodeStates = ['ready', 'draining'] as const;

/** A node in the registry and in its heartbeats, sent four times a second over `skein.node.<nodeId>.beat`. */
export const nodeRecord = z.object({
  nodeId: opaqueId,
  region: opaqueId,
  state: z.enum(nodeStates),
  /** Address of its gRPC services for control and other nodes, `host:port`. */
  grpcAddress: text(),
  workers: z.number().int().positive(),
  version: text(),
  /** The node's wall clock, milliseconds since 1970: identifies a start, and does not order two of them. */
  startedAtMs: z.number().int(),
  /** Fence of its lease: rises with each start of the node. Absent until the first renewal succeeds. */
  fence: z.number().int().nonnegative().optional(),
  /** Identifies this process: part of the subject of its requests. Nodes of earlier versions omit it. */
  instance: opaqueId.optional(),
  /** Rises with every heartbeat of one start of a node. */
  beat: z.number().int().nonnegative(),
  load: nodeLoad,
});
export type NodeRecord = z.infer<typeof nodeRecord>;

/** A node was declared dead. Sent over `skein.node.<nodeId>.dead`, and repeated every second for a while. */
export const nodeDeath = z.object({
  nodeId: opaqueId,
  /** The start of the node that died; a later start with the same id is alive. */
  startedAtMs: z.number().int(),
  /** Fence of that start's lease. Absent when it was never read. */
  fence: z.number().int().nonnegative().optional(),
});
export type NodeDeath = z.infer<typeof nodeDeath>;

/** Control's question about a node whose heartbeats have stopped, over `skein.witness.question`. */
export const witnessQuestion = z.object({
  /** Identifies the question; the answer repeats it. */
  questionId: opaqueId,
  /** Receives the answers, over `skein.witness.answer.<askerId>`. */
  askerId: opaqueId,
  /** The suspect. */
  nodeId: opaqueId,
  /** How long to listen for the suspect, in milliseconds. */
  listenMs: z.number().int().min(10).max(5000),
});
export type WitnessQuestion = z.infer<typeof witnessQuestion>;

/** The answer of a node that has a pipe to the suspect; other nodes do not answer. */
export const witnessAnswer = z.object({
  questionId: opaqueId,
  witnessId: opaqueId,
  /**
   * `listening`: sent at once, the result follows. `media`: packets arrived from the suspect. `control`: the suspect answered
   * this node's call. `silent`: neither.
   */
  heard: z.enum(['listening', 'media', 'control', 'silent']),
});
export type WitnessAnswer = z.infer<typeof witnessAnswer>;
