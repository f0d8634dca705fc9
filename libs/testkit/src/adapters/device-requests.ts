declare global {
  interface Window {
    /** Which devices the page has asked the browser for, by the name of the call, in order. */
    skeinDeviceRequests?: string[];
  }
}

/** Runs inside the page before its own scripts, so it may use nothing from outside itself. */
export function recordDeviceRequests(): void {
  const requests: string[] = [];
  window.skeinDeviceRequests = requests;
  // Only pages of secure origins have it.
  if (!('mediaDevices' in navigator)) return;
  for (const name of ['getUserMedia', 'getDisplayMedia'] as const) {
    const ask = navigator.mediaDevices[name].bind(navigator.mediaDevices);
    navigator.mediaDevices[name] = (options) => {
      requests.push(name);
      return ask(options);
    };
  }
}
