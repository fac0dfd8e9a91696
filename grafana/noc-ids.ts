// Names that the dashboard and the alert rules share.
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';

export type PanelList = Parameters<DashboardBuilder['withPanel']>[0][];

export const NOC_UID = 'framewatch-noc';
export const ALERT_FOLDER = 'Framewatch';
/** Panels that alert rules point to. */
export const PANEL = {
  viewers: 1,
  startFailures: 2,
  startup: 3,
  rebuffering: 4,
  bitrate: 5,
  incidents: 8,
  freshness: 7,
  ingestion: 32,
} as const;
