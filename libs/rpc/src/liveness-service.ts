import { z } from 'zod';
import type { LivenessServiceDefinition } from './generated/skein/node/v1/LivenessService.ts';
import { defineService, unary, type Handlers } from './service-definition.ts';

/** Control and media nodes to a media node: whether it is there. */
export const livenessService = defineService<LivenessServiceDefinition>()('skein.node.v1.LivenessService', {
  ping: unary({ request: z.object({}), response: z.object({}) }),
});

export type LivenessServiceHandlers = Handlers<typeof livenessService>;
