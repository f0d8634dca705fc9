import type { Budget, Json } from './bench.ts';

/** What a budget says of a result. */
export interface BudgetVerdict {
  readonly figure: string;
  /** `null`: the result has no such figure. */
  readonly measured: number | null;
  readonly limit: string;
  readonly met: boolean;
}

/** Holds a result against its budgets: one verdict for each figure that a budget names. */
export function judge(result: Json, budgets: readonly Budget[]): BudgetVerdict[] {
  return budgets.flatMap((budget) => {
    const found = figuresAt(result, budget.figure.split('.'), []);
    const figures = found.length > 0 ? found : [{ path: budget.figure, value: null }];
    return figures.map(({ path, value }) => verdict(path, value, budget));
  });
}

interface Figure {
  readonly path: string;
  readonly value: Json;
}

function figuresAt(value: Json, [step, ...rest]: readonly string[], walked: readonly string[]): Figure[] {
  if (step === undefined) return [{ path: walked.join('.'), value }];
  if (value === null || typeof value !== 'object') return [];
  const entries = Object.entries(value as Readonly<Record<string, Json>>);
  return entries
    .filter(([key]) => step === '*' || step === key)
    .flatMap(([key, below]) => figuresAt(below, rest, [...walked, key]));
}

function verdict(figure: string, value: Json, { max, min }: Budget): BudgetVerdict {
  const limits = [...(min === undefined ? [] : [`>= ${min}`]), ...(max === undefined ? [] : [`<= ${max}`])];
  const limit = limits.join(' and ');
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    return { figure, measured: null, limit, met: false };
  }
  const met = (max === undefined || value <= max) && (min === undefined || value >= min);
  return { figure, measured: value, limit, met };
}
