/** A `Disposable` that runs `dispose` when it is disposed for the first time, and does nothing from then on. */
export function once(dispose: () => void): Disposable {
  let pending: (() => void) | undefined = dispose;
  return {
    [Symbol.dispose]: () => {
      const run = pending;
      pending = undefined;
      run?.();
    },
  };
}
