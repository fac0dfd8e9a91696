// The rules of Grafana's dashboard linter that apply to a Kusto dashboard, and some of our own, over the committed JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Column } from '../local/kusto/types.ts';
import type { Dashboard, Panel } from '../local/viewer/model/dashboard.ts';
import { unsupportedIn } from '../local/viewer/model/panel-support.ts';
import { offlineCatalog, resultColumns } from '../scripts/kql/offline-catalog.ts';
import { generateGrafana } from './generate.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const dashboard = JSON.parse(read('grafana/generated/dashboards/noc-overview.json')) as Dashboard & {
  editable: boolean;
  templating: { list: Variable[] };
};
const panels = dashboard.panels ?? [];
const drawn = panels.filter(({ type }) => type !== 'row');
const queried = drawn.filter(({ type }) => type !== 'text' && type !== 'alertlist');
const catalog = offlineCatalog();

interface Variable {
  name: string;
  label?: string;
  type: string;
  query: string | { query: string };
  refresh?: number;
  includeAll?: boolean;
  allValue?: string;
  multi?: boolean;
}
const variables = dashboard.templating.list;

/** A query as Kusto would get it: macros and variables filled in. */
const filled = (query: string): string =>
  query
    .replaceAll('$__timeFrom', 'datetime(2026-11-01T00:00:00Z)')
    .replaceAll('$__timeTo', 'datetime(2026-11-01T06:00:00Z)')
    .replaceAll('$__timeInterval', '60000ms')
    .replaceAll(/\$(cdn|country|device)\b/g, "'*'");

const isNumber = ({ type }: Column): boolean => ['int', 'long', 'real', 'decimal'].includes(type);
const queriesOf = (panel: Panel): string[] => (panel.targets ?? []).map(({ query }) => query ?? '');

it('the committed files are what the generator makes', () => {
  for (const [path, content] of generateGrafana())
    expect(read(path), `${path} is stale: npm run generate`).toBe(content);
});

describe('dashboard', () => {
  it('has the panels of a NOC board (a lint that sees nothing must not be green)', () => {
    expect(queried.length).toBeGreaterThanOrEqual(18);
    expect(panels.filter(({ type }) => type === 'row').length).toBeGreaterThanOrEqual(3);
    expect(drawn.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['stat', 'timeseries', 'table', 'barchart', 'state-timeline', 'alertlist', 'text']),
    );
  });

  it('template-datasource: a data source variable of the right type and label, used by every panel', () => {
    expect(variables[0]).toMatchObject({
      name: 'datasource',
      label: 'Data source',
      type: 'datasource',
      query: 'grafana-azure-data-explorer-datasource',
    });
    for (const { title, targets = [] } of queried) {
      for (const target of targets)
        expect(target.datasource, title).toEqual({
          type: 'grafana-azure-data-explorer-datasource',
          uid: '${datasource}',
        });
    }
  });

  it('template-on-time-change-reload: values of the filters follow the time range', () => {
    for (const variable of variables.filter(({ multi }) => multi === true))
      expect(variable, variable.name).toMatchObject({ refresh: 2, includeAll: true, allValue: "'*'" });
  });

  it('every variable is used', () => {
    const text = JSON.stringify(panels);
    for (const { name } of variables) expect(text, name).toMatch(new RegExp(`\\$\\{?${name}\\b`));
  });

  it('uneditable-dashboard: changes are made in the source', () => expect(dashboard.editable).toBe(false));

  it('no two panels share an id or a place, and none stands outside the 24 columns', () => {
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = new Map<string, string>();
    for (const { title = '', gridPos } of panels) {
      if (!gridPos) throw new Error(`${title} has no place`);
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          const other = cells.get(`${x},${y}`);
          expect(other, `${title} lies on ${other ?? ''}`).toBeUndefined();
          cells.set(`${x},${y}`, title);
        }
      }
    }
  });

  it.each(
    variables
      .filter(({ query }) => typeof query === 'object' && query.query !== '')
      .map((variable) => [variable.name, variable] as const),
  )('variable %s: its query binds to one text column', (_, { query }) => {
    const columns = resultColumns(filled((query as { query: string }).query), catalog);
    expect(columns.map(({ type }) => type)).toEqual(['string']);
  });

  it('annotations: the query binds to the columns that Grafana looks for', () => {
    const own = (dashboard.annotations?.list ?? []).filter(({ target }) => target?.query !== undefined);
    expect(own).toHaveLength(1);
    const columns = resultColumns(filled(own[0]?.target?.query ?? ''), catalog).map(
      ({ name, type }) => `${name}:${type}`,
    );
    expect(columns).toEqual(['time:datetime', 'timeEnd:datetime', 'title:string', 'text:string', 'tags:string']);
  });
});

describe.each(drawn.map((panel) => [panel.title ?? '', panel] as const))('panel %s', (_, panel) => {
  it('panel-title-description: has both', () => {
    expect(panel.title ?? '').not.toBe('');
    expect((panel.description ?? '').length).toBeGreaterThan(15);
  });

  it('is drawn by the local viewer without leaving anything out', () => expect(unsupportedIn(panel)).toEqual([]));
});

describe.each(queried.map((panel) => [panel.title ?? '', panel] as const))('query of panel %s', (_, panel) => {
  it('panel-units and panel-no-targets: has a unit, thresholds and a query', () => {
    expect(panel.fieldConfig?.defaults?.unit ?? '').not.toBe('');
    expect(panel.fieldConfig?.defaults?.thresholds?.steps?.length ?? 0).toBeGreaterThan(0);
    expect(panel.targets).toHaveLength(1);
  });

  it('is bound to the time range and to the data that kql/ defines, in the shape its format needs', () => {
    for (const query of queriesOf(panel)) {
      expect(query).toContain('$__timeTo');
      const columns = resultColumns(filled(query), catalog);
      if (panel.targets?.[0]?.resultFormat !== 'time_series') continue;
      expect(columns.filter(({ type }) => type === 'datetime')).toHaveLength(1);
      expect(columns.filter(isNumber).length).toBeGreaterThan(0);
      // dynamic, guid and timespan would turn into labels.
      expect(columns.filter((column) => !isNumber(column) && !['datetime', 'string'].includes(column.type))).toEqual(
        [],
      );
      // Grafana refuses to make series of rows that are not in order of time.
      expect(query).toMatch(
        /sort by Bin asc(?:, \w+ asc)?$|^(?:Concurrent|StartupTime|RebufferRatio|PlaybackFailures|VideoQuality)\([^|]*\| project [^|]*$/,
      );
    }
  });

  it('every column that an override names is in the answer', () => {
    const names = queriesOf(panel).flatMap((query) => resultColumns(filled(query), catalog).map(({ name }) => name));
    for (const { matcher } of panel.fieldConfig?.overrides ?? []) {
      if (matcher.id === 'byName') expect(names).toContain(matcher.options);
    }
  });
});

describe('alert rules', () => {
  interface RuleJson {
    uid: string;
    condition: string;
    noDataState: string;
    panelId: number;
    data: {
      refId: string;
      datasourceUid: string;
      relativeTimeRange: { from: number; to: number };
      model: { query?: string; resultFormat?: string; database?: string; expression?: string };
    }[];
  }
  const file = JSON.parse(read('grafana/generated/alerts.json')) as {
    apiVersion: number;
    groups: { interval: string; rules: RuleJson[] }[];
  };
  const rules = file.groups.flatMap((group) => group.rules);

  it('are there, with unique uids that fit (40 characters)', () => {
    expect(rules.length).toBeGreaterThanOrEqual(4);
    expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length);
    for (const { uid } of rules) expect(uid.length).toBeLessThanOrEqual(40);
  });

  it.each(rules.map((rule) => [rule.uid, rule] as const))(
    '%s: one number a row, labels as text, nothing that only browsers expand',
    (_, rule) => {
      const [query, condition] = rule.data;
      const text = query?.model.query ?? '';
      expect(text).not.toMatch(/\$__timeInterval|\$__contains|\$__escapeMulti|\$\{|\$cdn/);
      expect(query?.model).toMatchObject({ resultFormat: 'table', database: 'framewatch' });
      const columns = resultColumns(filled(text), catalog);
      expect(columns.filter(isNumber)).toHaveLength(1);
      expect(columns.filter((column) => !isNumber(column) && column.type !== 'string')).toEqual([]);
      expect(condition).toMatchObject({ refId: rule.condition, datasourceUid: '__expr__', model: { expression: 'A' } });
      for (const { relativeTimeRange } of rule.data)
        expect(relativeTimeRange.from).toBeGreaterThan(relativeTimeRange.to);
    },
  );

  it('point to panels that exist; only missing telemetry alerts on an empty answer', () => {
    for (const rule of rules) {
      expect(panels.map(({ id }) => id)).toContain(rule.panelId);
      expect(rule.noDataState).toBe(rule.uid.includes('ingest') ? 'Alerting' : 'OK');
    }
  });
});
