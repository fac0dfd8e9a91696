// What must be true after every body, however damaged: the answer is one of the documented ones and the books balance.
import { expect } from 'vitest';
import { cdnRequests } from '../../schema/cdn-requests.ts';
import { ingestLedger, rejectedEvents } from '../../schema/operations.ts';
import { playbackBeats } from '../../schema/playback-beats.ts';
import { playbackEvents } from '../../schema/playback-events.ts';
import { checker } from '../../schema/validate.ts';
import type { Answer } from './door.ts';
import type { BatchBooks, StoredRow } from './memory-kusto.ts';

const checkers: Readonly<Record<string, (row: unknown) => { ok: boolean }>> = {
  PlaybackEvents: checker(playbackEvents),
  PlaybackBeats: checker(playbackBeats),
  CdnRequests: checker(cdnRequests),
  RejectedEvents: checker(rejectedEvents),
  IngestLedger: checker(ingestLedger),
};
const DOCUMENTED = new Set([202, 400, 401, 403, 413, 415, 422, 429]);
/** Words by which the text of an exception would show. */
const EXCEPTION = /Error\b|\bat [\w.<>]+ \(|node_modules|undefined is not|Cannot read|Unexpected token|\.ts:\d/;

const globals = (): string =>
  [Object.prototype, Array.prototype, String.prototype, Function.prototype, Map.prototype]
    .map((prototype) => Reflect.ownKeys(prototype).map(String).join(','))
    .join(';');
const pristine = globals();

export function expectPristine(): void {
  expect(globals()).toBe(pristine);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
}

export interface Totals {
  received: number;
  stored: number;
  rejected: number;
  duplicate: number;
}

const numberOf = (row: StoredRow | undefined, name: string): number => Number(row?.[name]);

/** Holds one batch to its ledger and its rows to their tables; what it brought. */
export function checkBatch({ ledger, stored, rejects, rows }: BatchBooks): Totals {
  const totals = {
    received: numberOf(ledger[0], 'received'),
    stored: numberOf(ledger[0], 'stored'),
    rejected: numberOf(ledger[0], 'rejected'),
    duplicate: numberOf(ledger[0], 'duplicate'),
  };
  const isBalanced = totals.received === totals.stored + totals.rejected + totals.duplicate;
  // Compared by hand: an `expect` for each of a million rows takes minutes.
  if (ledger.length !== 1 || !isBalanced || stored !== totals.stored || rejects !== totals.rejected)
    expect({ accounts: ledger.length, rows: stored, rejects, totals }).toEqual('one account that balances');
  for (const { table, row } of rows) {
    const checked = checkers[table]?.(row);
    if (!checked?.ok) expect({ table, row, checked }).toMatchObject({ checked: { ok: true } });
  }
  return totals;
}

/** The answer to a body is one of those that the documentation lists, and says nothing of what went wrong inside. */
export function checkAnswer({ status, headers, text }: Answer): void {
  if (!DOCUMENTED.has(status)) expect({ status, text }).toMatchObject({ status: 'a documented one' });
  if (headers['content-type'] !== 'application/json' || text.length > 20_000)
    expect({ headers, text }).toEqual('a short JSON answer');
  if (EXCEPTION.test(text)) expect(text).not.toMatch(EXCEPTION);
  if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
}

const UNDECODABLE = 'could not be decoded';

/** Whether a body that was answered so has an account in the ledger: its events were looked at. */
export const isBooked = ({ status, text }: Answer): boolean =>
  status === 202 || status === 422 || (status === 400 && text.includes(UNDECODABLE));

/** What the answers of 202 and 422 say came and became of it. */
export function saidOf(answers: readonly Answer[]): Totals {
  const totals: Totals = { received: 0, stored: 0, rejected: 0, duplicate: 0 };
  for (const { status, text } of answers) {
    if (status !== 202 && status !== 422) continue;
    const said = JSON.parse(text) as Record<string, number>;
    totals.received += said['received'] ?? NaN;
    totals.stored += said['accepted'] ?? NaN;
    totals.rejected += said['rejected'] ?? NaN;
    totals.duplicate += said['duplicate'] ?? NaN;
  }
  return totals;
}
