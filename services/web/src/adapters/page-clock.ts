/** Runs `task` every `ms` until disposed. */
export function every(ms: number, task: () => void): Disposable {
  const timer = setInterval(task, ms);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Runs `task` once after `ms` unless disposed before. */
export function after(ms: number, task: () => void): Disposable {
  const timer = setTimeout(task, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
