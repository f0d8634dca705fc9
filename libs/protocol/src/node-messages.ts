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
 * What a gateway asks of the node that carries a session, over `skein.node.<nodeId>.session`. All but `open`
 * mirror the client's method of the same name.
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
        /** The room's version that placed this session; the node's own view must not be older. */
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
        /** The member's entry, which the room's state shows only of those that are `listed`. */
        entry: participant.optional(),
      })
      .refine(({ grants: { visibility }, entry }) => (visibility === 'listed') === (entry === undefined), {
        path: ['entry'],
        message: 'must be there exactly when the grants do not list the participant',
      }),
    response: z.object({
      /** Made by the node; `attach` asks for it. */
      resumeToken: opaqueId,
      /** Names the gateway's hold on the session; the newest one counts. */
      attachment: z.number().int(),
      /** One for each that was asked for, in the same order. */
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
   * Another gateway takes the session over for its client. Fails `SESSION_NOT_FOUND` for a wrong token, and for one of
   * another participant.
   */
  attach: {
    request: z.object({
      resumeToken: opaqueId,
      /** Whom the client says it is. Absent from gateways of an earlier version, which a rolling update still runs. */
      identity: identity.optional(),
    }),
    response: z.object({
      resumeToken: opaqueId,
      attachment: z.number().int(),
      /** What the client was admitted with, whatever it says now. */
      grants,
    }),
  },
  /** The client's socket was lost: the session ends unless another gateway attaches within `graceMs`. A stale attachment is ignored. */
  detach: {
    request: z.object({ attachment: z.number().int(), graceMs: z.number().int().min(0).max(120_000) }),
    response: nothing,
  },
  /**
   * Ends the session and takes its participant out of the room's state, unless it was placed again since. With an
   * attachment that is stale, nothing happens. `moved`: ends once nobody receives its tracks any more, 5 s at most.
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

/** What a node, or another gateway, tells the gateway that holds the client, over `skein.session.<sessionId>`. */
export const sessionEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('subscriptionClosed'), data: clientEvents.subscriptionClosed }),
  z.object({ event: z.literal('subscriptionLayersChanged'), data: clientEvents.subscriptionLayersChanged }),
  /** The node wants this session to go to another one; its gateway does that, and the node keeps it until then. */
  z.object({
    event: z.literal('moveRequested'),
    data: z.object({ reason: z.enum(['drain', 'rebalance']), deadlineMs: z.number().int() }),
  }),
  /** Another gateway has attached, and tells the one that held the session: it lets go, and touches it no more. */
  z.object({ event: z.literal('attached'), data: z.object({ attachment: z.number().int() }) }),
  z.object({ event: z.literal('sessionClosed'), data: z.object({ reason: z.enum(sessionEndReasons) }) }),
]);
export type SessionEvent = z.infer<typeof sessionEvent>;

/** What a node is doing, as last measured by itself. */
export const nodeLoad = z.object({
  /** RTP packets per second, received and sent, over all workers. */
  packetsPerSecond: z.number().nonnegative(),
  /** CPU of the busiest worker, 1 = one core. */
  busiestWorkerCpu: z.number().nonnegative(),
  sessions: z.number().int().nonnegative(),
  /** The share of its capacity in use, of hard limits too: 1 is full. What placement compares. */
  used: z.number().nonnegative(),
  /**
   * The highest share of a hard limit (sessions, rooms, transports…) in use: at 1 the node refuses every session. Absent
   * from nodes of an earlier version, which a rolling update still runs.
   */
  limitsUsed: z.number().nonnegative().optional(),
});
export type NodeLoad = z.infer<typeof nodeLoad>;

export const nodeStates = ['ready', 'draining'] as const;

/** A node as the registry and its beats show it. Sent four times a second over `skein.node.<nodeId>.beat`. */
export const nodeRecord = z.object({
  nodeId: opaqueId,
  region: opaqueId,
  state: z.enum(nodeStates),
  /** Where other nodes and control reach its gRPC services, `host:port`. */
  grpcAddress: text(),
  workers: z.number().int().positive(),
  version: text(),
  /** By the node's own wall clock: names a start, and says nothing about which of two is the later one. */
  startedAtMs: z.number().int(),
  /** Of its lease: rises with each start of the node. Absent until the first renewal was answered. */
  fence: z.number().int().nonnegative().optional(),
  /** Names this process: part of the subject on which it is asked. Absent from nodes of an earlier version. */
  instance: opaqueId.optional(),
  /** Raised by every beat of one start of a node. */
  beat: z.number().int().nonnegative(),
  load: nodeLoad,
});
export type NodeRecord = z.infer<typeof nodeRecord>;

/** A node was declared dead. Sent over `skein.node.<nodeId>.dead`, again each second for a while. */
export const nodeDeath = z.object({
  nodeId: opaqueId,
  /** Which start of the node: a later one with the same id is not meant. */
  startedAtMs: z.number().int(),
  /** Of that start's lease; absent when it was never read. */
  fence: z.number().int().nonnegative().optional(),
});
export type NodeDeath = z.infer<typeof nodeDeath>;

/** Asked by control, over `skein.witness.question`, about a node that it does not hear. */
export const witnessQuestion = z.object({
  /** Names the question; the answer repeats it. */
  questionId: opaqueId,
  /** Whom to answer, over `skein.witness.answer.<askerId>`. */
  askerId: opaqueId,
  /** The suspect. */
  nodeId: opaqueId,
  /** How long to listen for it, in milliseconds. */
  listenMs: z.number().int().min(10).max(5000),
});
export type WitnessQuestion = z.infer<typeof witnessQuestion>;

/** Of a node that has a pipe to the suspect. One that has none says nothing. */
export const witnessAnswer = z.object({
  questionId: opaqueId,
  witnessId: opaqueId,
  /**
   * `listening`: told at once, the answer follows. `media`: packets came in meanwhile; `control`: the suspect answered this
   * node's call; `silent`: neither.
   */
  heard: z.enum(['listening', 'media', 'control', 'silent']),
});
export type WitnessAnswer = z.infer<typeof witnessAnswer>;
