import { readFileSync } from 'node:fs';
import {
  clientEnvelope,
  type ClientEventName,
  clientEvents,
  type ClientMethod,
  clientMethods,
  closeCodes,
  errorCodes,
  errorStatus,
} from '@skein/protocol';
import { describe, expect, it } from 'vitest';

const protocol = readDoc('protocol.md');
const errors = readDoc('errors.md');
const methodNames = Object.keys(clientMethods) as ClientMethod[];
const eventNames = Object.keys(clientEvents) as ClientEventName[];

interface Message {
  readonly id?: string | null;
  readonly method?: string;
  readonly event?: string;
  readonly version?: number;
  readonly data?: unknown;
  readonly error?: { readonly code: string };
}

interface Example {
  /** The nearest heading above it. */
  readonly section: string;
  readonly message: Message;
}

describe('docs/protocol.md', () => {
  const examples = examplesOf(protocol);

  it('docs/protocol.md names exactly the methods and events of the protocol', () => {
    const described = [...protocol.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
    expect(described.toSorted()).toEqual([...methodNames, ...eventNames].toSorted());
  });

  it.each(methodNames)('docs/protocol.md has a request and an answer of %s that parse', (method) => {
    const own = examples.filter(({ section }) => section === method).map(({ message }) => message);
    const requests = own.filter((message) => message.method !== undefined);
    const answers = own.filter((message) => message.method === undefined);
    expect(requests.length).toBeGreaterThan(0);
    expect(answers.length).toBeGreaterThan(0);
    for (const request of requests) {
      expect(clientEnvelope.parse(request).method).toBe(method);
      expectFullyKnown(clientMethods[method].request.parse(request.data ?? {}), request.data ?? {});
    }
    for (const answer of answers) {
      expectFullyKnown(clientMethods[method].response.parse(answer.data), answer.data);
    }
  });

  it.each(eventNames)('docs/protocol.md has an example of the event %s that parses', (name) => {
    const own = examples.filter(({ section }) => section === name).map(({ message }) => message);
    expect(own.length).toBeGreaterThan(0);
    for (const { event, data, version } of own) {
      expect(event).toBe(name);
      expectFullyKnown(clientEvents[name].parse(data), data);
      expect(version !== undefined).toBe(name.startsWith('room'));
    }
  });

  it('docs/protocol.md shows every kind of room change', () => {
    const shown = examples
      .filter(({ section }) => section === 'roomChanged')
      .map(({ message }) => (message.data as { type: string }).type);
    const kinds = clientEvents.roomChanged.options.map((option) => option.shape.type.value);
    expect(new Set(shown)).toEqual(new Set(kinds));
  });

  it('docs/protocol.md uses existing codes only', () => {
    const inExamples = examples.flatMap(({ message }) => message.error?.code ?? []);
    const inText = [...protocol.matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code]) => code);
    expect(inExamples.length).toBeGreaterThan(0);
    for (const code of [...inExamples, ...inText]) expect(errorCodes).toContain(code);
  });

  it('docs/protocol.md lists every close code', () => {
    const listed = [...protocol.matchAll(/^\| (\d{4}) \|/gm)].map(([, code]) => Number(code));
    expect(listed.toSorted()).toEqual(Object.values(closeCodes).toSorted());
  });
});

describe('docs/errors.md', () => {
  const row = /^\| \[`(\w+)`\]\(#(\w+)\) +\| ([\w ]+?) +\| `(\w+)` +\| (\d+) +\| (\w+) +\|$/gm;
  const rows = [...errors.matchAll(row)];

  it('docs/errors.md has a row and a section for each code, in order', () => {
    expect(rows.map(([, code]) => code)).toEqual([...errorCodes]);
    expect([...errors.matchAll(/^## (\w+)$/gm)].map(([, code]) => code)).toEqual([...errorCodes]);
  });

  it.each(errorCodes)('docs/errors.md shows the retry rule and the statuses of %s', (code) => {
    const [, , anchor, retry, grpc, http, webSocket] = rows.find((one) => one[1] === code) ?? [];
    const status = errorStatus[code];
    expect({ anchor, retry, grpc, http, webSocket }).toEqual({
      anchor: code.toLowerCase(),
      retry: status.retry === 'newSocket' ? 'new socket' : status.retry,
      grpc: status.grpc,
      http: `${status.http}`,
      webSocket: `${status.webSocket}`,
    });
  });
});

function readDoc(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}

function examplesOf(doc: string): Example[] {
  const pieces = doc.matchAll(/^#+ (?<section>.+)$|^```json\n(?<json>[\s\S]*?)^```$/gm);
  const examples: Example[] = [];
  let section = '';
  for (const { groups = {} } of pieces) {
    if (groups['section'] !== undefined) section = groups['section'];
    if (groups['json'] !== undefined)
      examples.push({ section, message: JSON.parse(groups['json']) as Message });
  }
  return examples;
}

/** Schemas drop fields that they don't know, and add defaults: the example must not hold anything that is dropped. */
function expectFullyKnown(parsed: unknown, example: unknown): void {
  expect(parsed).toMatchObject(example as object);
}
