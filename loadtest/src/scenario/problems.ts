import type { z } from 'zod';
import { suggest } from '../cli/suggestion.ts';

export type Path = readonly PropertyKey[];

/** One thing that is wrong with a scenario. */
export interface ScenarioProblem {
  /** Such as `groups[0].join.rate`; empty for the whole file. */
  readonly path: string;
  /** Line in the file, from 1. */
  readonly line?: number | undefined;
  /** What is wrong and what to write. */
  readonly message: string;
}

/** What each part of a scenario allows but the whole does not. */
export interface Contradiction {
  readonly path: Path;
  /** What is wrong and what to write. */
  readonly message: string;
}

/** What the file says and where; `lineOf` answers for the nearest parent that it has. */
export interface ReadDocument {
  readonly value: unknown;
  readonly lineOf: (path: Path) => number | undefined;
}

/** Such as `groups[0].join.rate`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** `groups[0].join.rate (line 7): is "fast"; write joins per second, such as 10`. */
export function problemText({ path, line, message }: ScenarioProblem): string {
  const place = line === undefined ? '' : ` (line ${line})`;
  return path === '' ? `${message}${place}` : `${path}${place}: ${message}`;
}

/** Says each issue of a failed parse in words that tell what to write. */
export function describeIssues(
  issues: readonly z.core.$ZodIssue[],
  schema: z.ZodType,
  { value, lineOf }: ReadDocument,
): ScenarioProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      return issue.keys.map((key) => unknownKey([...issue.path, key], key, known, lineOf));
    }
    const found = valueAt(value, issue.path);
    const message =
      found === undefined ? `is missing; ${issue.message}` : `is ${shown(found)}; ${issue.message}`;
    return [
      {
        path: pathText(issue.path),
        line: lineOf(issue.path),
        message: withSuggestion(message, issue, found),
      },
    ];
  });
}

function unknownKey(
  path: Path,
  key: string,
  known: readonly string[],
  lineOf: (path: Path) => number | undefined,
): ScenarioProblem {
  const meant = suggest(key, known);
  const message = meant
    ? `there is no such setting; did you mean ${meant}?`
    : `there is no such setting; there are ${known.join(', ')}`;
  return { path: pathText(path), line: lineOf(path), message };
}

function withSuggestion(message: string, issue: z.core.$ZodIssue, found: unknown): string {
  if (issue.code !== 'invalid_value' || typeof found !== 'string') return message;
  const meant = suggest(found, issue.values.map(String));
  return meant ? `${message}; did you mean ${meant}?` : message;
}

const SHOWN_LENGTH = 60;

function shown(value: unknown): string {
  const text = textOf(value);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
}

function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // YAML can say that a list holds itself.
    return 'without end';
  }
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, step) =>
      inner !== null && typeof inner === 'object' ? (inner as Record<PropertyKey, unknown>)[step] : undefined,
    value,
  );
}

interface SchemaDefinition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
}

/** The settings that the schema knows at this place. */
function keysAt(schema: z.ZodType, path: Path): string[] {
  const definition = schema.def as unknown as SchemaDefinition;
  const inside = definition.innerType ?? definition.in;
  if (inside) return keysAt(inside, path);
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(definition.shape ?? {});
  const next = typeof step === 'number' ? definition.element : definition.shape?.[String(step)];
  return next ? keysAt(next, rest) : [];
}
