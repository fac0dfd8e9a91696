// Grafana's panel transformations, those a dashboard here may use; others fail by name.
import type { CellValue, Field, Frame } from '../query/frames.ts';
import { rowCount } from '../query/frames.ts';
import { defaultName } from './field-config.ts';
import { reduceValues, reducerLabel } from './reduce.ts';

type Transform = (frames: readonly Frame[], options: Readonly<Record<string, unknown>>) => Frame[];

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback);
const textList = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);
const withRows = (frame: Frame, rows: readonly number[]): Frame => ({
  ...frame,
  fields: frame.fields.map((field) => ({ ...field, values: rows.map((row) => field.values[row] ?? null) })),
});
const rowsOf = (frame: Frame): number[] => Array.from({ length: rowCount(frame) }, (_, row) => row);
const regexOf = (pattern: string): RegExp => {
  const [, body = pattern, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(pattern) ?? [];
  return new RegExp(body, flags);
};

const organize: Transform = (frames, options) => {
  const excluded = record(options['excludeByName']);
  const included = record(options['includeByName']);
  const order = record(options['indexByName']);
  const renamed = record(options['renameByName']);
  const hasInclude = Object.values(included).includes(true);
  return frames.map((frame) => {
    const named = frame.fields.map((field) => ({ field, name: defaultName(field, frames) }));
    const kept = named.filter(({ name }) => excluded[name] !== true && (!hasInclude || included[name] === true));
    const position = ({ name }: { name: string }): number =>
      typeof order[name] === 'number' ? order[name] : Number.MAX_SAFE_INTEGER;
    const fields = [...kept]
      .sort((a, b) => position(a) - position(b))
      .map(({ field, name }): Field => {
        const to = renamed[name];
        if (typeof to !== 'string' || to === '') return field;
        const { labels: _, ...rest } = field;
        return { ...rest, name: to };
      });
    return { ...frame, fields };
  });
};

const filterFieldsByName: Transform = (frames, options) => {
  const matches = (filter: unknown, name: string): boolean => {
    const { names, pattern } = record(filter);
    return textList(names).includes(name) || (typeof pattern === 'string' && regexOf(pattern).test(name));
  };
  const [include, exclude] = [options['include'], options['exclude']];
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.filter((field) => {
      const name = defaultName(field, frames);
      return (include === undefined || matches(include, name)) && (exclude === undefined || !matches(exclude, name));
    }),
  }));
};

const filterByRefId: Transform = (frames, options) => {
  const include = options['include'];
  return typeof include === 'string' ? frames.filter((frame) => regexOf(include).test(frame.refId)) : [...frames];
};

const compare = (a: CellValue, b: CellValue): number => {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
};

const sortBy: Transform = (frames, options) => {
  const [first] = Array.isArray(options['sort']) ? options['sort'].map(record) : [];
  if (first === undefined) return [...frames];
  return frames.map((frame) => {
    const field = frame.fields.find((one) => defaultName(one, frames) === first['field']);
    if (field === undefined) return frame;
    const sign = first['desc'] === true ? -1 : 1;
    return withRows(
      frame,
      rowsOf(frame).sort((a, b) => sign * compare(field.values[a] ?? null, field.values[b] ?? null)),
    );
  });
};

const limit: Transform = (frames, options) => {
  const count = Number(options['limitField'] ?? 10);
  return frames.map((frame) => withRows(frame, rowsOf(frame).slice(0, count)));
};

const renameByRegex: Transform = (frames, options) => {
  const pattern = regexOf(text(options['regex']));
  const replacement = text(options['renamePattern']);
  return frames.map((frame) => ({
    ...frame,
    fields: frame.fields.map((field) => {
      const name = defaultName(field, frames);
      if (!pattern.test(name)) return field;
      const { labels: _, ...rest } = field;
      return { ...rest, name: name.replace(pattern, replacement) };
    }),
  }));
};

// Rows of all frames in one, columns joined by name.
const merge: Transform = (frames) => {
  const [first] = frames;
  if (first === undefined || frames.length === 1) return [...frames];
  const columns = new Map<string, Field>();
  for (const frame of frames)
    for (const field of frame.fields) columns.set(field.name, columns.get(field.name) ?? field);
  const fields = [...columns.values()].map((field) => ({
    ...field,
    values: frames.flatMap(
      (frame) => frame.fields.find((one) => one.name === field.name)?.values ?? rowsOf(frame).map(() => null),
    ),
  }));
  return [{ ...first, fields }];
};

// Columns of all frames side by side, on the values of one field (the time when none is named).
const joinByField: Transform = (frames, options) => {
  const [first] = frames;
  if (first === undefined) return [];
  const keyOf = (frame: Frame): Field | undefined =>
    typeof options['byField'] === 'string'
      ? frame.fields.find((field) => field.name === options['byField'])
      : frame.fields.find((field) => field.type === 'time');
  const keys = frames.map(keyOf);
  const key = keys[0];
  if (key === undefined || keys.includes(undefined)) throw new Error('joinByField: a frame lacks the field to join on');
  const isInner = options['mode'] === 'inner';
  const all = [...new Set(keys.flatMap((field) => field?.values ?? []))].filter(
    (value) => !isInner || keys.every((field) => field?.values.includes(value)),
  );
  const values = [...all].sort(compare);
  const fields = frames.flatMap((frame, index) => {
    const rows = new Map(keys[index]?.values.map((value, row) => [value, row]));
    return frame.fields
      .filter((field) => field !== keys[index])
      .map((field) => ({ ...field, values: values.map((value) => field.values[rows.get(value) ?? -1] ?? null) }));
  });
  return [{ ...first, fields: [{ ...key, values }, ...fields] }];
};

const reduce: Transform = (frames, options) => {
  const reducers = textList(options['reducers']);
  const [first] = frames;
  if (first === undefined) return [];
  const numeric = frames.flatMap((frame) => frame.fields.filter((field) => field.type === 'number'));
  const columns = reducers.map((id): Field => ({
    name: reducerLabel(id),
    type: 'number',
    values: numeric.map((field) => reduceValues(field.values, id)),
  }));
  return [
    {
      ...first,
      fields: [
        { name: 'Field', type: 'string', values: numeric.map((field) => defaultName(field, frames)) },
        ...columns,
      ],
    },
  ];
};

const labelsToFields: Transform = (frames) =>
  frames.flatMap((frame) => {
    const labelled = frame.fields.filter((field) => field.labels !== undefined);
    if (labelled.length === 0) return [frame];
    const time = frame.fields.find((field) => field.type === 'time');
    return labelled.map((field) => {
      const labels = Object.entries(field.labels ?? {}).map(([name, value]): Field => ({
        name,
        type: 'string',
        values: field.values.map(() => value),
      }));
      const { labels: _, ...plain } = field;
      return { ...frame, fields: [...(time === undefined ? [] : [time]), ...labels, plain] };
    });
  });

const BINARY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

const calculateField: Transform = (frames, options) => {
  if (options['mode'] !== 'binary')
    throw new Error(`calculateField mode '${String(options['mode'])}' is not supported by the local viewer`);
  const { left, right, operator } = record(options['binary']);
  const apply = BINARY[String(operator)];
  if (apply === undefined)
    throw new Error(`calculateField operator '${String(operator)}' is not supported by the local viewer`);
  const nameOf = (side: unknown): string =>
    String(typeof side === 'object' ? record(record(side)['matcher'])['options'] : side);
  return frames.map((frame) => {
    const operand = (side: unknown, row: number): CellValue => {
      const field = frame.fields.find((one) => defaultName(one, frames) === nameOf(side));
      return field === undefined ? Number(nameOf(side)) : (field.values[row] ?? null);
    };
    const values = rowsOf(frame).map((row) => {
      const [a, b] = [operand(left, row), operand(right, row)];
      return typeof a === 'number' && typeof b === 'number' ? apply(a, b) : null;
    });
    const field: Field = {
      name: text(options['alias'], `${nameOf(left)} ${String(operator)} ${nameOf(right)}`),
      type: 'number',
      values,
    };
    const fields = options['replaceFields'] === true ? frame.fields.filter((one) => one.type === 'time') : frame.fields;
    return { ...frame, fields: [...fields, field] };
  });
};

const TRANSFORMS: Readonly<Record<string, Transform>> = {
  organize,
  filterFieldsByName,
  filterByRefId,
  sortBy,
  limit,
  renameByRegex,
  merge,
  concatenate: (frames) =>
    frames[0] === undefined ? [] : [{ ...frames[0], fields: frames.flatMap((frame) => frame.fields) }],
  joinByField,
  seriesToColumns: joinByField,
  reduce,
  labelsToFields,
  calculateField,
};

/** Applies a panel's transformations in order. Throws, naming the transformation, when one is not known. */
export function transformFrames(
  frames: readonly Frame[],
  transformations: readonly { readonly id: string; readonly disabled?: boolean; readonly options?: unknown }[],
): Frame[] {
  let result = [...frames];
  for (const { id, disabled, options } of transformations) {
    if (disabled === true) continue;
    const transform = TRANSFORMS[id];
    if (transform === undefined) throw new Error(`transformation '${id}' is not supported by the local viewer`);
    result = transform(result, record(options));
  }
  return result;
}
