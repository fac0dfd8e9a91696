import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dashboard } from './model/dashboard.ts';

export interface DashboardFile {
  readonly file: string;
  readonly dashboard?: Dashboard;
  /** Why the file is not a dashboard. */
  readonly problem?: string;
}

async function readDashboard(dir: string, file: string): Promise<DashboardFile> {
  try {
    const parsed = JSON.parse(await readFile(join(dir, file), 'utf8')) as Dashboard;
    if (typeof parsed.uid !== 'string' || !Array.isArray(parsed.panels))
      return { file, problem: 'not a classic dashboard: uid or panels missing' };
    return { file, dashboard: parsed };
  } catch (error) {
    return { file, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Reads every .json of a folder anew, so that a regenerated dashboard shows on reload. A missing folder is an empty one. */
export async function readDashboards(dir: string): Promise<DashboardFile[]> {
  const names = await readdir(dir).catch(() => [] as string[]);
  return Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .toSorted()
      .map((name) => readDashboard(dir, name)),
  );
}

export async function findDashboard(dir: string, uid: string): Promise<Dashboard | undefined> {
  return (await readDashboards(dir)).find((one) => one.dashboard?.uid === uid)?.dashboard;
}
