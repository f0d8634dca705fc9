/** The calls of an interface, answered at once instead of by a promise. */
export type Sync<Calls> = {
  [Name in keyof Calls]: Calls[Name] extends (...args: infer Args) => Promise<infer Answer>
    ? (...args: Args) => Answer
    : Calls[Name];
};
