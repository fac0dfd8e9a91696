import { contextFields } from '../../schema/common-fields.ts';
import type { Field } from '../../schema/spec.ts';
import type { Batch, Claims } from './batch.ts';
import type { Digests } from './ports.ts';

// Identity is minimised before the first durable write. The schema says which columns are personal (`pii`).

/** Country is coarse enough to keep without consent: every quality metric is cut by it. */
const KEPT_WITHOUT_CONSENT = new Set(['country']);

const COARSE: readonly string[] = Object.entries(contextFields as Readonly<Record<string, Field>>)
  .filter(([name, field]) => field.pii === 'coarse' && !KEPT_WITHOUT_CONSENT.has(name))
  .map(([name]) => name);

const PSEUDONYM: readonly string[] = Object.entries(contextFields as Readonly<Record<string, Field>>)
  .filter(([, field]) => field.pii === 'pseudonym')
  .map(([name]) => name);

const LONGEST_VIEWER_ID = 256;

function viewerIdOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_VIEWER_ID
    ? value.toWellFormed()
    : undefined;
}

/** Whether the viewer may be told apart from others, by their consent and their browser's signals. */
const mayIdentify = (claims: Claims, batch: Batch): boolean =>
  claims.consent !== 0 && claims.consent !== false && !batch.isOptedOut;

/**
 * Applies the rules to the columns of a group, in place: the viewer id becomes a daily pseudonym,
 * and without consent it and the fine geography are removed.
 */
export function protect(columns: Record<string, unknown>, claims: Claims, batch: Batch, digests: Digests): void {
  for (const name of PSEUDONYM) delete columns[name];
  if (!mayIdentify(claims, batch)) {
    for (const name of COARSE) delete columns[name];
    return;
  }
  const viewerId = viewerIdOf(claims.viewerId);
  const pseudonym = viewerId === undefined ? undefined : digests.pseudonym(batch.tenant, viewerId, batch.receivedMs);
  if (pseudonym !== undefined) columns['viewerId'] = pseudonym;
}
