import { actionOf, type Action } from './actions.ts';

/** Runs `offered` actions by their keys, unless a form field or dialog has the focus. */
export function listenForShortcuts(offered: readonly Action[], act: (action: Action) => void): Disposable {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping(event.target)) return;
    const action = actionOf(event.key, offered);
    if (!action) return;
    event.preventDefault();
    act(action);
  };
  document.addEventListener('keydown', onKey);
  return { [Symbol.dispose]: () => document.removeEventListener('keydown', onKey) };
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]') !== null
  );
}
