import type { Grants, JoinRequest } from '@skein/protocol';
import type { SharedCapabilities } from './shared-capabilities.ts';

/** A client as it joined: its request, with what admission decided. Needed again whenever it is placed again. */
export type AdmittedClient = Pick<
  JoinRequest,
  'room' | 'name' | 'metadata' | 'rtpCapabilities' | 'autoSubscribe' | 'region' | 'stayId'
> & { readonly identity: string; readonly grants: Grants };

/** Keeps of a request what later placements need. */
export function admittedClient(
  request: JoinRequest,
  { identity, grants }: Pick<AdmittedClient, 'identity' | 'grants'>,
  capabilities: SharedCapabilities,
): AdmittedClient {
  const { room, name, metadata, autoSubscribe, region, stayId } = request;
  const rtpCapabilities = capabilities.share(request.rtpCapabilities);
  return { room, identity, name, metadata, grants, rtpCapabilities, autoSubscribe, region, stayId };
}
