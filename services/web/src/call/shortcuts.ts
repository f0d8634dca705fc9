import { SHORTCUTS, type Action } from './control-bar.ts';

/** Single keys while nothing is being typed or chosen. */
export function listenForShortcuts(act: (action: Action) => void): Disposable {
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping(event.target)) return;
    const action = actionOf(event.key.toLowerCase());
    if (!action) return;
    event.preventDefault();
    act(action);
  };
  document.addEventListener('keydown', onKey);
  return { [Symbol.dispose]: () => document.removeEventListener('keydown', onKey) };
}

function actionOf(key: string): Action | undefined {
  return (Object.keys(SHORTCUTS) as Action[]).find((action) => SHORTCUTS[action] === key);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('input, textarea, select, dialog, [contenteditable]') !== null
  );
}
