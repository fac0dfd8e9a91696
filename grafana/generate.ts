import { alertRules } from './alert-rules.ts';
import { nocOverview } from './noc-overview.ts';

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** Every file of grafana/generated: path from the repository's root → content. */
export function generateGrafana(): Map<string, string> {
  return new Map([
    ['grafana/generated/dashboards/noc-overview.json', json(nocOverview())],
    ['grafana/generated/alerts.json', json(alertRules())],
  ]);
}
