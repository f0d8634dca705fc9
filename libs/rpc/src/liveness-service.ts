import { z } from 'zod';
import type { LivenessServiceDefinition } from './generated/skein/node/v1/LivenessService.ts';
import { defineService, unary, type Handlers } from './service-definition.ts';

/** Liveness probe of a media node, by control and other media nodes. */
export const livenessService = defineService<LivenessServiceDefinition>()('skein.node.v1.LivenessService', {
  ping: unary({ request: z.object({}), response: z.object({}) }),
});

export type LivenessServiceHandlers = Handlers<typeof livenessService>;
