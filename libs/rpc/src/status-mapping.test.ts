import { errorCodes, errorStatus, grpcStatus, SkeinError, type GrpcStatusName } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { errorOf, statusFor } from './adapters/error-metadata.ts';
import { codeOfStatus, statusName } from './status-mapping.ts';

describe('the mapping between our codes and gRPC statuses', () => {
  it.each([...errorCodes])('code %s maps to a status that is no success', (code) => {
    expect(grpcStatus[errorStatus[code].grpc]).toBeGreaterThan(0);
  });

  it.each(Object.keys(grpcStatus) as GrpcStatusName[])('a bare %s maps to one of our codes', (status) => {
    expect(errorCodes).toContain(codeOfStatus[status]);
    expect(statusName(grpcStatus[status])).toBe(status);
  });

  it('an unspecified status counts as UNKNOWN', () => {
    expect(statusName(99)).toBe('UNKNOWN');
  });

  it.each([...errorCodes])('code %s arrives unchanged, with details and retry time', (code) => {
    const sent = new SkeinError(code, 'what went wrong', {
      details: { field: 'data.room' },
      retryAfterMs: 5,
    });
    const status = statusFor(sent);
    const arrived = errorOf(Object.assign(new Error(status.details), status), { method: 'M', deadlineMs: 1 });
    expect(arrived.toWire()).toEqual(sent.toWire());
  });

  it('an error too large for the metadata loses its details, not its code', () => {
    const status = statusFor(
      new SkeinError('LIMIT_EXCEEDED', 'm'.repeat(9000), { details: { text: 'x'.repeat(9000) } }),
    );
    const arrived = errorOf(Object.assign(new Error(status.details), status), { method: 'M', deadlineMs: 1 });
    expect(arrived).toMatchObject({ code: 'LIMIT_EXCEEDED', message: 'm'.repeat(512), details: undefined });
  });

  it('foreign metadata is ignored', () => {
    const status = statusFor(new SkeinError('LIMIT_EXCEEDED', 'too many'));
    status.metadata.set('skein-error-bin', Buffer.from('{"code":"MADE_UP","message":"x"}'));
    const arrived = errorOf(Object.assign(new Error(status.details), status), { method: 'M', deadlineMs: 1 });
    expect(arrived.code).toBe('MESSAGE_TOO_LARGE');
  });
});
