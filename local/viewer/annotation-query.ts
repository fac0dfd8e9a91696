import type { KustoClient } from './kusto-client.ts';
import type { AnnotationModel, Dashboard } from './model/dashboard.ts';
import { failureOf } from './panel-query.ts';
import type { Frame } from './query/frames.ts';
import { rowCount } from './query/frames.ts';
import type { TimeRangeMs } from './query/macros.ts';
import { toResultFormat } from './query/result-format.ts';
import { finalQuery } from './query/target-query.ts';
import type { VariableState } from './query/variables.ts';

export interface AnnotationEvent {
  readonly source: string;
  readonly color: string;
  readonly timeMs: number;
  readonly timeEndMs?: number;
  readonly title: string;
  readonly text: string;
  readonly tags: readonly string[];
}

export interface AnnotationAnswer {
  readonly events: readonly AnnotationEvent[];
  readonly errors: readonly string[];
}

// Column names looked for, in order, when the annotation maps none: the plugin's own first.
const DEFAULT_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  time: ['StartTime', 'time', 'Time'],
  timeEnd: ['EndTime', 'timeEnd'],
  title: ['Title', 'title'],
  text: ['Text', 'text'],
  tags: ['Tags', 'tags'],
};

function eventsOf(model: AnnotationModel, frame: Frame): AnnotationEvent[] {
  const column = (name: string): Frame['fields'][number] | undefined => {
    const mapped = model.mappings?.[name]?.value;
    const names = mapped === undefined || mapped === '' ? (DEFAULT_COLUMNS[name] ?? []) : [mapped];
    const found = frame.fields.find((field) => names.includes(field.name));
    if (found !== undefined || name === 'timeEnd' || name === 'tags' || name === 'title') return found;
    return frame.fields.find((field) => field.type === (name === 'time' ? 'time' : 'string'));
  };
  const [time, timeEnd, title, text, tags] = ['time', 'timeEnd', 'title', 'text', 'tags'].map(column);
  return Array.from({ length: rowCount(frame) }, (_, row) => row).flatMap((row) => {
    const timeMs = time?.values[row];
    const endMs = timeEnd?.values[row];
    if (typeof timeMs !== 'number') return [];
    return [
      {
        source: model.name ?? 'annotation',
        color: model.iconColor ?? 'blue',
        timeMs,
        ...(typeof endMs === 'number' && endMs > timeMs ? { timeEndMs: endMs } : {}),
        title: String(title?.values[row] ?? ''),
        text: String(text?.values[row] ?? ''),
        tags: String(tags?.values[row] ?? '')
          .split(',')
          .map((tag) => tag.trim())
          .filter(Boolean),
      },
    ];
  });
}

/** Events of a dashboard's own annotation queries. Grafana's built-in one has no query and is left out. */
export async function runAnnotations(
  client: KustoClient,
  dashboard: Dashboard,
  variables: readonly VariableState[],
  range: TimeRangeMs,
): Promise<AnnotationAnswer> {
  const events: AnnotationEvent[] = [];
  const errors: string[] = [];
  for (const model of dashboard.annotations?.list ?? []) {
    const query = model.target?.query ?? '';
    if (model.builtIn === 1 || model.enable === false || query === '') continue;
    try {
      const csl = finalQuery(query, variables, { ...range, intervalMs: 0 });
      const frames = toResultFormat(await client.query(csl), 'table', 'Anno', csl);
      events.push(...frames.flatMap((frame) => eventsOf(model, frame)));
    } catch (error) {
      errors.push(`${model.name ?? 'annotation'}: ${failureOf(error).message}`);
    }
  }
  return { events, errors };
}
