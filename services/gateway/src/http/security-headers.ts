/**
 * Sent with every page and file. Scripts, styles and connections come from this origin only (`'self'` covers its
 * WebSocket, CSP3 §6.7.2.8); camera, microphone and screen are for this origin's pages and not for frames in them.
 */
export const securityHeaders: readonly (readonly [string, string])[] = [
  [
    'content-security-policy',
    [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "font-src 'self'",
      "media-src 'self' blob: mediastream:",
      "connect-src 'self'",
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
