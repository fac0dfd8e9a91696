// The table shape that panels and alert rules share: Grafana's data frame, cut down to what the viewer needs.

export type FieldType = 'time' | 'number' | 'string' | 'boolean';
/** Times are Unix milliseconds. */
export type CellValue = number | string | boolean | null;
export type Labels = Readonly<Record<string, string>>;

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly values: readonly CellValue[];
  readonly labels?: Labels;
  /** The Kusto type it came from, when it came from Kusto. */
  readonly kustoType?: string;
}

export interface Notice {
  readonly severity: 'info' | 'warning' | 'error';
  readonly text: string;
}

export interface Frame {
  readonly refId: string;
  readonly fields: readonly Field[];
  readonly notices: readonly Notice[];
  /** KQL as it was sent. */
  readonly executedQuery: string;
}

/** Rows of a frame: the length of its first field. */
export const rowCount = (frame: Frame): number => frame.fields[0]?.values.length ?? 0;

export const labelsText = (labels: Labels): string =>
  `{${Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}}`;

const NON_FINITE: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity };

/** JSON has no NaN and no infinities; they travel as Kusto writes them, as strings in number fields. */
export function encodeFrame(frame: Frame): Frame {
  const fields = frame.fields.map((field) =>
    field.type === 'number'
      ? { ...field, values: field.values.map((v) => (typeof v === 'number' && !Number.isFinite(v) ? String(v) : v)) }
      : field,
  );
  return { ...frame, fields };
}

/** The inverse of encodeFrame. */
export function decodeFrame(frame: Frame): Frame {
  const fields = frame.fields.map((field) =>
    field.type === 'number'
      ? { ...field, values: field.values.map((v) => (typeof v === 'string' ? (NON_FINITE[v] ?? null) : v)) }
      : field,
  );
  return { ...frame, fields };
}
