import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  clientEnvelope,
  clientEvents,
  clientMethods,
  nodeDeath,
  nodeRecord,
  parseInput,
  sessionEnvelope,
  sessionEvent,
  sessionMethods,
  versionedChange,
  viewership,
} from './index.ts';

/** Every string inside `schema`, with the path that leads to it. */
function* stringsIn(schema: z.core.$ZodType, path: string): Generator<[string, z.core.$ZodType]> {
  const { def } = schema as z.ZodType & { def: z.core.$ZodTypes['_zod']['def'] };
  switch (def.type) {
    case 'string':
      yield [path, schema];
      break;
    case 'object':
      for (const [key, field] of Object.entries(def.shape)) yield* stringsIn(field, `${path}.${key}`);
      break;
    case 'array':
      yield* stringsIn(def.element, `${path}[]`);
      break;
    case 'record':
      yield* stringsIn(def.keyType, `${path}{key}`);
      yield* stringsIn(def.valueType, `${path}{}`);
      break;
    case 'union':
      for (const option of def.options) yield* stringsIn(option, path);
      break;
    case 'optional':
    case 'nullable':
    case 'default':
      yield* stringsIn(def.innerType, path);
      break;
    case 'literal':
    case 'enum':
    case 'number':
    case 'boolean':
    case 'unknown':
      break;
    default:
      throw new Error(`${path}: this test does not look into a schema of type ${def.type}`);
  }
}

const roots: readonly (readonly [string, z.ZodType])[] = [
  ...Object.entries(clientMethods).flatMap(([name, { request, response }]) => [
    [`${name} request`, request] as const,
    [`${name} response`, response] as const,
  ]),
  ...Object.entries(sessionMethods).flatMap(([name, { request, response }]) => [
    [`node ${name} request`, request] as const,
    [`node ${name} response`, response] as const,
  ]),
  ...Object.entries(clientEvents).map(([name, schema]) => [`event ${name}`, schema] as const),
  ...Object.entries({
    clientEnvelope,
    nodeDeath,
    nodeRecord,
    sessionEnvelope,
    sessionEvent,
    versionedChange,
    viewership,
  }),
];
const strings = roots.flatMap(([name, schema]) => [...stringsIn(schema, name)]);

describe('a lone surrogate', () => {
  it('is rejected in every string of every message', () => {
    expect(strings.length).toBeGreaterThan(200);
    const taken = strings.filter(([, schema]) =>
      ['\ud83d', 'Ada \udc00', '\ud83dx'].some((text) => z.safeParse(schema, text).success),
    );
    expect(taken.map(([path]) => path)).toEqual([]);
  });

  it.each([
    ['room', { room: 'r\ud83d' }],
    ['identity', { identity: 'ada\udc00' }],
    ['name', { name: 'Ada \ud83d' }],
    ['metadata', { metadata: '\ud800' }],
  ])('in %s of a join is rejected with the name of the field', (field, wrong) => {
    const join = { protocolVersion: 1, room: 'r', name: 'Ada', rtpCapabilities: { codecs: [] }, ...wrong };
    expect(() => parseInput(clientMethods.join.request, join)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: `data.${field}: must be well-formed Unicode: it holds half of a surrogate pair`,
        details: { field: `data.${field}` },
      }),
    );
  });

  it('is not confused with a complete pair', () => {
    const join = {
      protocolVersion: 1,
      room: '🎓',
      name: 'Ada 👩🏽‍💻',
      identity: '𝒜',
      metadata: '🎉'.repeat(2048),
    };
    const parsed = parseInput(clientMethods.join.request, { ...join, rtpCapabilities: { codecs: [] } });
    expect(parsed).toMatchObject(join);
  });
});
