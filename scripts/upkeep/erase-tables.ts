// The database's part of an erasure: which rows, how many, and their deletion.
import type { Erasure } from '../../schema/tables.ts';
import type { Cluster } from '../kql/cluster.ts';
import { textList, textLiteral } from '../kql/literals.ts';
import type { Subject } from './subject.ts';

/** A table or view with the conditions that choose the subject's rows; several when one would grow too long. */
export interface TablePlace {
  readonly kind: 'table' | 'materialized-view';
  readonly name: string;
  readonly conditions: readonly string[];
  /** Conditions with raw viewer ids: asked and deleted by, never written down. */
  readonly unsaid?: readonly string[] | undefined;
}

/** Purge takes predicates of at most 63 KB: https://learn.microsoft.com/azure/data-explorer/kusto/concepts/data-purge */
const IDS_PER_CONDITION = 800;
const PATTERNS_PER_CONDITION = 100;
/** Shorter ids are looked for with their quotes. */
const TELLING_LENGTH = 12;

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_none, at) => list.slice(at * size, (at + 1) * size));
}

/** Sessions of the viewers, those that are `named` for theirs among them, those in which others have been seen too, and the pseudonyms that are in use. */
export async function sessionsOf(
  cluster: Cluster,
  pseudonyms: readonly string[],
  named: Iterable<string>,
): Promise<{ own: string[]; shared: string[]; present: string[] }> {
  const own = new Set(named);
  const present = new Set<string>();
  for (const list of chunks(pseudonyms, IDS_PER_CONDITION))
    for (const { SessionId, ViewerId } of await cluster.query(
      `union PlaybackEvents, PlaybackBeats | where ViewerId in (${textList(list)}) | distinct SessionId, ViewerId`,
    )) {
      own.add(String(SessionId));
      present.add(String(ViewerId));
    }
  const known = new Set(pseudonyms);
  const shared = new Set<string>();
  for (const list of chunks([...own], IDS_PER_CONDITION))
    for (const { SessionId, ViewerId } of await cluster.query(
      `union PlaybackEvents, PlaybackBeats | where SessionId in (${textList(list)}) and isnotempty(ViewerId) | distinct SessionId, ViewerId`,
    ))
      if (!known.has(String(ViewerId))) shared.add(String(SessionId));
  return { own: [...own].filter((id) => !shared.has(id)), shared: [...shared], present: [...present] };
}

export async function tenantsOf(cluster: Cluster): Promise<string[]> {
  const rows = await cluster.query('union PlaybackEvents, PlaybackBeats | distinct Tenant');
  return rows.map(({ Tenant }) => String(Tenant));
}

const allOf = ({ conditions, unsaid }: TablePlace): readonly string[] => [...conditions, ...(unsaid ?? [])];

/** Everywhere in the database that rows of the subject can stand. Rollups hold no identifiers. */
export function tablePlaces({ viewers, sessions, pseudonyms }: Subject, tenant: string | undefined): TablePlace[] {
  const own = tenant === undefined ? '' : `Tenant == ${textLiteral(tenant)} and `;
  const bySession = chunks(sessions, IDS_PER_CONDITION).map((list) => `${own}SessionId in (${textList(list)})`);
  const byViewer = chunks(pseudonyms, IDS_PER_CONDITION).map((list) => `${own}ViewerId in (${textList(list)})`);
  const byPayload = (ids: readonly string[]): string[] =>
    chunks(
      ids.map((id) => (id.length >= TELLING_LENGTH ? id : `"${id}"`)),
      PATTERNS_PER_CONDITION,
    ).map((list) => `${own}(${list.map((id) => `Payload contains_cs ${textLiteral(id)}`).join(' or ')})`);
  const playback = [...byViewer, ...bySession];
  const table = (name: string, conditions: readonly string[]): TablePlace => ({ kind: 'table', name, conditions });
  const view = (name: string, conditions: readonly string[]): TablePlace => ({
    kind: 'materialized-view',
    name,
    conditions,
  });
  return [
    // A view keeps what its table has lost, so each follows its table.
    table('PlaybackEvents', playback),
    view('PlaybackEventsDedup_v1', playback),
    table('PlaybackBeats', playback),
    view('PlaybackBeatsDedup_v1', playback),
    table('CdnRequests', bySession),
    view('CdnRequestsDedup_v1', bySession),
    { ...table('RejectedEvents', byPayload(sessions)), unsaid: byPayload(viewers) },
  ].filter((place) => allOf(place).length > 0);
}

/**
 * Quarantine should name no viewer. Rows that do all the same are given by their ids, so that the purge commands can name
 * them without naming the viewer.
 */
export async function withRejectIds(cluster: Cluster, places: readonly TablePlace[]): Promise<TablePlace[]> {
  const resolved = places.map(async (place): Promise<TablePlace> => {
    if (!place.unsaid || place.unsaid.length === 0) return place;
    const rows = await cluster.query(`${place.name} | where ${anyOf(place.unsaid)} | distinct RejectId`);
    const ids = chunks(
      rows.map(({ RejectId }) => String(RejectId)),
      IDS_PER_CONDITION,
    );
    return { ...place, conditions: [...place.conditions, ...ids.map((list) => `RejectId in (${textList(list)})`)] };
  });
  return Promise.all(resolved);
}

const anyOf = (conditions: readonly string[]): string => conditions.map((one) => `(${one})`).join(' or ');

/** The query that finds the rows of a place; the proof is that it finds none. */
export const queryOf = ({ name, conditions, unsaid }: TablePlace): string =>
  `${name} | where ${anyOf(conditions.length > 0 ? conditions : ['false'])} | count` +
  (unsaid && unsaid.length > 0 ? ' // and by the raw viewer ids, which are not written down' : '');

export async function rowsIn(cluster: Cluster, place: TablePlace): Promise<number> {
  const [row] = await cluster.query(`${place.name} | where ${anyOf(allOf(place))} | count`);
  return Number(row?.['Count'] ?? 0);
}

/** What the books lose, batch by batch; resent twins are one event. */
export async function accountOf(
  cluster: Cluster,
  places: readonly TablePlace[],
  stamp: Pick<Erasure, 'erasureId' | 'erasedAt'>,
): Promise<Erasure[]> {
  const account = new Map<string, { events: number; rejects: number }>();
  for (const place of places) {
    const { kind, name } = place;
    if (kind !== 'table') continue;
    const isReject = name === 'RejectedEvents';
    const rows = await cluster.query(
      `${name} | where ${anyOf(allOf(place))} | distinct BatchId, ${isReject ? 'RejectId' : 'EventId'} | summarize Rows = count() by BatchId`,
    );
    for (const { BatchId, Rows } of rows) {
      const entry = account.get(String(BatchId)) ?? { events: 0, rejects: 0 };
      entry[isReject ? 'rejects' : 'events'] += Number(Rows);
      account.set(String(BatchId), entry);
    }
  }
  return [...account].map(([batchId, counts]) => ({ ...stamp, batchId, ...counts }));
}

/** Deletes the rows of a place. Kusto deletes from one table at a time. */
export async function deleteRows(cluster: Cluster, place: TablePlace): Promise<void> {
  const { kind, name } = place;
  for (const condition of allOf(place))
    await cluster.command(`.delete ${kind} ${name} records <| ${name} | where ${condition}`);
}

/** The commands that make Azure rewrite its storage without these rows, in two steps each. */
export function purgeCommands(database: string, cluster: string, places: readonly TablePlace[]): string {
  const host = new URL(cluster).host;
  const lines = [
    '// Purge: for the data management endpoint, by a database Admin, one after the other. Two steps each:',
    '// the first answers with the number of rows and a token, the second takes the token and begins.',
    '// Hard deletion follows within 30 days. https://learn.microsoft.com/azure/data-explorer/kusto/concepts/data-purge',
    '// Rows that .delete has taken out already may count as 0: they leave storage when extents are rewritten, with the',
    '// retention of the table at the latest. Where that is too late, erase with --no-delete and purge instead.',
    `#connect "https://ingest-${host}"`,
  ];
  for (const { kind, name, conditions } of places)
    for (const condition of conditions) {
      const head = `.purge ${kind} ${name} records in database ${database}`;
      lines.push(
        '',
        `${head} <| where ${condition}`,
        '',
        `${head} with (verificationtoken=h'<token of the first step>') <| where ${condition}`,
      );
    }
  return `${lines.join('\n')}\n`;
}
