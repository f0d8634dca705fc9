import fc from 'fast-check';
import type { MediaKey } from '../media/media-key.ts';
import type { RouterAt } from '../pipes/model/pipe-model.ts';

export const routers = ['h1', 'h2', 'h3'];
export const places: readonly RouterAt[] = [
  ...routers.map((routerId) => ({ nodeId: 'here', routerId })),
  { nodeId: 'there', routerId: 't1' },
  { nodeId: 'there', routerId: 't2' },
  { nodeId: 'far', routerId: 'f1' },
];
/** Two epochs of one track are as different as two tracks. */
export const tracks: readonly MediaKey[] = ['a@1', 'a@2', 'b@1', 'c@1'];
/** Nodes whose path may be down, and their relays. One of them also publishes tracks. */
export const relaysTo: Readonly<Record<string, readonly RouterAt[]>> = {
  there: [
    { nodeId: 'far', routerId: 'f1' },
    { nodeId: 'mid', routerId: 'm1' },
  ],
  far: [{ nodeId: 'mid', routerId: 'm1' }],
};
export const closable = Object.keys(relaysTo);

export type Step =
  | { readonly type: 'demand' | 'release'; readonly track: MediaKey; readonly router: string }
  | { readonly type: 'place'; readonly track: MediaKey; readonly place: number }
  | { readonly type: 'remove'; readonly track: MediaKey }
  | { readonly type: 'answer'; readonly nth: number; readonly ok: boolean }
  | { readonly type: 'break'; readonly nth: number }
  | { readonly type: 'close' | 'heal'; readonly node: string }
  | { readonly type: 'relayed'; readonly track: MediaKey; readonly on: boolean }
  | { readonly type: 'fanOutLimit'; readonly node: string; readonly on: boolean }
  | { readonly type: 'routerDies'; readonly router: string }
  | { readonly type: 'wait'; readonly ms: number };

export const track = fc.constantFrom(...tracks);
const router = fc.constantFrom(...routers);
const nth = fc.nat(20);
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('demand' as const), track, router }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('release' as const), track, router }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('place' as const), track, place: fc.nat(places.length - 1) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), track }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant('answer' as const), nth, ok: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('break' as const), nth }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('close' as const, 'heal' as const),
      node: fc.constantFrom(...closable),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('relayed' as const), track, on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('fanOutLimit' as const),
      node: fc.constantFrom(...closable),
      on: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('routerDies' as const), router }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.nat(7000) }) },
);
