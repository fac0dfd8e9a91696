const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Event Grid's waits after the first, second, … failed attempt; the last one repeats. */
const WAITS_MS = [10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR];
export const MAX_ATTEMPTS = 30;
const TIME_TO_LIVE_MS = 1440 * MINUTE;

export type Verdict =
  | { kind: 'delivered' }
  | { kind: 'retry'; waitMs: number }
  | { kind: 'deadLetter'; reason: string };

/** Name of a failed attempt in the dead-letter record, as Event Grid words it. */
export const outcomeOf = (status: number | undefined): string => {
  const names: Record<number, string> = {
    400: 'BadRequest',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    408: 'TimedOut',
    413: 'PayloadTooLarge',
    429: 'Busy',
    503: 'Busy',
    504: 'TimedOut',
  };
  return status === undefined ? 'SocketError' : (names[status] ?? 'GenericError');
};

export interface Attempt {
  /** Absent when there was no answer. */
  status?: number | undefined;
  /** Attempts made, this one included. */
  attempts: number;
  /** Since the event was published. */
  ageMs: number;
  /** Factor on every wait and on the time to live; 1 is Azure's pace. */
  scale: number;
}

/** What follows an attempt: only 200–204 is success, 400 and 413 are final, everything else is tried again. */
export const verdictOn = ({ status, attempts, ageMs, scale }: Attempt): Verdict => {
  if (status !== undefined && status >= 200 && status <= 204) return { kind: 'delivered' };
  if (status === 400 || status === 413) return { kind: 'deadLetter', reason: outcomeOf(status) };
  if (attempts >= MAX_ATTEMPTS) return { kind: 'deadLetter', reason: 'MaxDeliveryAttemptsExceeded' };
  const least = status === 503 ? 30 * SECOND : [401, 403, 404].includes(status ?? 0) ? 5 * MINUTE : 0;
  const scheduled = WAITS_MS[Math.min(attempts, WAITS_MS.length) - 1] ?? HOUR;
  const waitMs = Math.max(scheduled, least) * scale;
  if (ageMs + waitMs > TIME_TO_LIVE_MS * scale) return { kind: 'deadLetter', reason: 'TimeToLiveExceeded' };
  return { kind: 'retry', waitMs };
};
