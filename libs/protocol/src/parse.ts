import type { z } from 'zod';
import { SkeinError } from './errors.ts';

/** Parses input at an edge. Fails `INVALID_ARGUMENT` with the first invalid field, below `root`, and the reason. */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  root = 'data',
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = [root, ...(issue?.path ?? [])].map(String).join('.');
  throw SkeinError.invalidArgument(field, issue?.message ?? 'is not allowed');
}
