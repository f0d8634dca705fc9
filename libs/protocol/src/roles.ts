/** `viewer`: subscribes and publishes nothing; others see viewers only as a number. */
export const roles = ['participant', 'viewer'] as const;
export type Role = (typeof roles)[number];
