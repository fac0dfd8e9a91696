// Microsoft's parser over every file of kql/, against a schema made of these very files.
import { describe, expect, it } from 'vitest';
import { columnOf } from '../../schema/spec.ts';
import { tables } from '../../schema/tables.ts';
import { KustoError } from '../../local/kusto/types.ts';
import { commandsOf, functionParts, viewParts } from './commands.ts';
import { inOrderOfUse, loadKql } from './load.ts';
import { offlineCatalog, resultColumns } from './offline-catalog.ts';

const stages = loadKql();
const commands = stages.flatMap((stage) => stage.commands);
const functions = commands.filter(({ kind }) => kind === 'function');
const catalog = offlineCatalog();

/** A value for each parameter, so that a call of the function binds. */
function callOf(name: string, parameters: string): string {
  const values = parameters
    .slice(1, -1)
    .split(/,(?![^()]*\))/)
    .filter((part) => part.trim() !== '' && !part.includes('='))
    .map((part) => {
      const type = part.slice(part.indexOf(':') + 1).trim();
      if (type.startsWith('(')) return `(datatable${type} [])`;
      return (
        {
          datetime: 'datetime(2026-01-01)',
          timespan: '5m',
          string: '"all"',
          long: '1',
          bool: 'true',
          dynamic: 'dynamic(["*"])',
        }[type] ?? type
      );
    });
  return `${name}(${values.join(', ')})`;
}

describe('kql files', () => {
  it('hold what the schema, views, detectors and alerts need (a guard that sees nothing must not be green)', () => {
    expect(commands.filter(({ kind }) => kind === 'table')).toHaveLength(Object.keys(tables).length);
    expect(functions.length).toBeGreaterThanOrEqual(25);
    expect(commands.filter(({ kind }) => kind === 'view').length).toBeGreaterThanOrEqual(7);
  });

  it.each(functions.map((command) => [command.name, command] as const))(
    '%s binds: no unknown column, function or type',
    (name, command) => {
      const { parameters, body } = functionParts(command);
      // The body by itself first: an error inside a called function is reported at the call only.
      expect(() => resultColumns(`let f = ${parameters}${body};\nprint 1`, catalog)).not.toThrow();
      expect(resultColumns(callOf(name, parameters), catalog)).not.toHaveLength(0);
    },
  );

  it('an unknown column in a function is found, with its place', () => {
    expect(() => resultColumns('QoeBeats1m_v1 | where NoSuchColumn > 1', catalog)).toThrow(KustoError);
    expect(() => resultColumns('Qoe(datetime(2026-01-01), datetime(2026-01-02))', catalog)).toThrow(/Semantic error/);
  });

  it('no function asks for the present time: everything can be run for any past asof', () => {
    for (const { name, text } of functions) expect(text, name).not.toMatch(/\b(?:now|ago)\s*\(/);
  });

  it('every function has a folder and a docstring', () => {
    for (const command of functions) {
      const { folder, docstring } = functionParts(command);
      expect(folder, command.name).not.toBe('');
      expect(docstring.length, command.name).toBeGreaterThan(30);
    }
  });

  it('Detect_New has exactly the columns of Anomalies, in order and type', () => {
    const wanted = Object.entries(tables.Anomalies.fields).map(([name, { kind }]) => ({
      name: columnOf(name),
      type: kind,
    }));
    expect(resultColumns('Detect_New(datetime(2026-01-01))', catalog)).toEqual(wanted);
  });

  it.each(['Alert_Anomaly', 'Alert_IngestStale', 'Alert_SloBurn'])(
    '%s answers string labels and one real number named value: the shape of an alert rule',
    (name) => {
      const columns = resultColumns(`${name}(datetime(2026-01-01))`, catalog);
      expect(columns.filter(({ type }) => type !== 'string')).toEqual([{ name: 'value', type: 'real' }]);
      expect(columns.length).toBeGreaterThan(1);
    },
  );
});

describe('views', () => {
  const views = commands.filter(({ kind }) => kind === 'view');

  it('sit on a table or on a deduplicating view only', () => {
    const dedup = new Set(
      views.filter((view) => /summarize take_any\(\*\) by/.test(view.text)).map(({ name }) => name),
    );
    for (const view of views) {
      const { source } = viewParts(view);
      expect(dedup.has(source) || Object.hasOwn(tables, source), `${view.name} on ${source}`).toBe(true);
    }
  });

  it('carry a version in their name, end in one summarize and call nothing that a view may not', () => {
    for (const view of views) {
      const { query } = viewParts(view);
      expect(view.name).toMatch(/_v\d+$/);
      expect(query.match(/\|\s*summarize\b/g), view.name).toHaveLength(1);
      expect(query, view.name).not.toMatch(/\|\s*(?:sort|order|top|serialize|join|union)\b|\b(?:now|ago)\(/);
    }
  });

  it('hold sums, counts and extremes only, so that wider bins are sums', () => {
    for (const view of views.filter(({ name }) => !name.includes('Dedup'))) {
      const aggregates =
        viewParts(view)
          .query.replace(/[\s\S]*summarize/, '')
          .match(/= (\w+)\(/g) ?? [];
      const allowed = new Set(['count', 'countif', 'sum', 'sumif', 'max', 'min', 'bin', 'tolong']);
      expect(
        aggregates.map((match) => match.slice(2, -1)).filter((name) => !allowed.has(name)),
        view.name,
      ).toEqual([]);
    }
  });
});

describe('reading files', () => {
  it('orders functions after those they call', () => {
    const names = stages.at(-1)?.commands.map(({ name }) => name) ?? [];
    expect(names.indexOf('QoeRollup')).toBeLessThan(names.indexOf('QoeBy'));
    expect(names.indexOf('Detect_All')).toBeLessThan(names.indexOf('Detect_New'));
  });

  it('refuses functions that call each other', () => {
    const text = (name: string, other: string): string =>
      `.create-or-alter function with (folder = "x", docstring = "y")\n${name}()\n{\n    ${other}()\n}`;
    const circle = [...commandsOf(text('A', 'B'), 'A.kql'), ...commandsOf(text('B', 'A'), 'B.kql')];
    expect(() => inOrderOfUse(circle)).toThrow('A → B → A');
  });

  it('refuses a command that could drop something', () => {
    expect(() => commandsOf('.drop table PlaybackEvents', 'x.kql')).toThrow('x.kql:1');
  });
});
