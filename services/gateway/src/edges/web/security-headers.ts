export type SecurityHeaders = readonly (readonly [string, string])[];

/**
 * Sent with every page and file. Scripts and styles come from this origin only, connections go to it (`'self'` covers its
 * WebSocket, CSP3 §6.7.2.8) and to `connectSources`; camera, microphone and screen are allowed
 * for this origin's pages, not for frames in them.
 */
export const securityHeaders = (connectSources: readonly string[]): SecurityHeaders => [
  [
    'content-security-policy',
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "media-src 'self' blob: mediastream:",
      ["connect-src 'self'", ...connectSources].join(' '),
      "worker-src 'self' blob:",
      "manifest-src 'self'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join('; '),
  ],
  [
    'permissions-policy',
    'camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self)',
  ],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-opener-policy', 'same-origin'],
];
