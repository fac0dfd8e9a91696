// Folder, data sources and dashboards. https://grafana.com/docs/grafana/v12.4/developer-resources/api-reference/http-api/
import { asList, asRecord, differences, read, reasonOf, type Grafana, type Json, type Step } from './port.ts';
import { FOLDER, OWN_PREFIX } from './wanted.ts';

export async function folderStep(grafana: Grafana): Promise<Step> {
  const held = await read(grafana, `/api/folders/${FOLDER.uid}`);
  const step = { kind: 'folder', name: FOLDER.title } as const;
  if (held === undefined)
    return {
      ...step,
      action: 'create',
      reason: '',
      apply: async () => void (await grafana({ method: 'POST', path: '/api/folders', json: FOLDER })),
    };
  const { title, version } = asRecord(held);
  if (title === FOLDER.title) return { ...step, action: 'same', reason: '' };
  return {
    ...step,
    action: 'change',
    reason: `its title is ${String(title)}`,
    apply: async () =>
      void (await grafana({
        method: 'PUT',
        path: `/api/folders/${FOLDER.uid}`,
        json: { title: FOLDER.title, version },
      })),
  };
}

export async function dataSourceStep(grafana: Grafana, wanted: Json): Promise<Step> {
  const uid = String(wanted['uid']);
  const held = await read(grafana, `/api/datasources/uid/${uid}`);
  const step = { kind: 'data source', name: uid } as const;
  if (held === undefined)
    return {
      ...step,
      action: 'create',
      reason: '',
      apply: async () => void (await grafana({ method: 'POST', path: '/api/datasources', json: wanted })),
    };
  const changed = differences(wanted, held);
  if (changed.length === 0) return { ...step, action: 'same', reason: '' };
  // PUT replaces: what others have set beside our properties stays, and the version guards against a change in between.
  const { jsonData, version } = asRecord(held);
  const json = { ...wanted, jsonData: { ...asRecord(jsonData), ...asRecord(wanted['jsonData']) }, version };
  return {
    ...step,
    action: 'change',
    reason: reasonOf(changed),
    apply: async () => void (await grafana({ method: 'PUT', path: `/api/datasources/uid/${uid}`, json })),
  };
}

/** Grafana migrates and numbers on its own. */
const own = ({ id: _id, version: _version, schemaVersion: _schemaVersion, ...rest }: Json): Json => rest;

export async function dashboardStep(grafana: Grafana, wanted: Json): Promise<Step> {
  const held = asRecord(await read(grafana, `/api/dashboards/uid/${String(wanted['uid'])}`));
  const step = { kind: 'dashboard', name: String(wanted['title']) } as const;
  const apply = async (): Promise<void> => {
    await grafana({
      method: 'POST',
      path: '/api/dashboards/db',
      json: {
        dashboard: { ...wanted, id: null },
        folderUid: FOLDER.uid,
        message: 'npm run grafana:deploy',
        // The committed file is the truth: edits made in the browser go.
        overwrite: true,
      },
    });
  };
  if (held['dashboard'] === undefined) return { ...step, action: 'create', reason: '', apply };
  const isPlaced = asRecord(held['meta'])['folderUid'] === FOLDER.uid;
  const changed = differences(own(wanted), held['dashboard']);
  if (isPlaced && changed.length === 0) return { ...step, action: 'same', reason: '' };
  return { ...step, action: 'change', reason: isPlaced ? reasonOf(changed) : 'lies in another folder', apply };
}

const remove = (grafana: Grafana, path: string) => async (): Promise<void> =>
  void (await grafana({ method: 'DELETE', path, allow: [404] }));

/** Dashboards of our folder and data sources of ours that no file asks for any more. */
export async function pruneBoards(
  grafana: Grafana,
  dashboards: readonly Json[],
  sources: readonly Json[],
): Promise<Step[]> {
  const wantedBoards = new Set(dashboards.map(({ uid }) => uid));
  const wantedSources = new Set(sources.map(({ uid }) => uid));
  const boards = asList(await read(grafana, `/api/search?type=dash-db&folderUIDs=${FOLDER.uid}&tag=framewatch`));
  const held = asList(await read(grafana, '/api/datasources'));
  return [
    ...boards
      .filter(({ uid }) => !wantedBoards.has(uid))
      .map(({ uid, title }): Step => ({
        kind: 'dashboard',
        name: String(title),
        action: 'delete',
        reason: 'no file makes it any more',
        apply: remove(grafana, `/api/dashboards/uid/${String(uid)}`),
      })),
    ...held
      .filter(({ uid }) => String(uid).startsWith(`${OWN_PREFIX}adx`) && !wantedSources.has(uid))
      .map(({ uid }): Step => ({
        kind: 'data source',
        name: String(uid),
        action: 'delete',
        reason: 'no cluster stands behind it any more',
        apply: remove(grafana, `/api/datasources/uid/${String(uid)}`),
      })),
  ];
}
