// Defaults and overrides of a panel's field configuration, resolved for each field.
import type { Field, Frame, Labels } from '../query/frames.ts';
import { labelsText } from '../query/frames.ts';
import type { FieldConfig, FieldOverride, Panel } from './dashboard.ts';

/** A field with what a panel draws it with. `id` is unique in the panel. */
export interface DisplayField extends Field {
  readonly id: number;
  readonly refId: string;
  readonly frameIndex: number;
  readonly displayName: string;
  readonly config: FieldConfig;
}

export interface DisplayFrame {
  readonly refId: string;
  readonly fields: readonly DisplayField[];
}

/** The one label name that all labelled fields carry, when there is just one. */
function singleLabelName(frames: readonly Frame[]): string | undefined {
  const names = new Set(frames.flatMap((frame) => frame.fields.flatMap((field) => Object.keys(field.labels ?? {}))));
  return names.size === 1 ? [...names][0] : undefined;
}

const quoted = (labels: Labels): string => labelsText(labels);

/** Grafana's name of a field: column name and labels; of one label only its value. */
export function defaultName(field: Field, frames: readonly Frame[]): string {
  const labels = field.labels ?? {};
  if (Object.keys(labels).length === 0) return field.name;
  const parts = field.name === 'Value' ? [] : [field.name];
  const single = singleLabelName(frames);
  const text = single === undefined ? quoted(labels) : (labels[single] ?? '');
  return [...parts, text].filter(Boolean).join(' ') || field.name;
}

function customName(template: string, field: Field, fallback: string): string {
  return template.replace(/\$\{__(field|series)\.([^}]+)\}/g, (_, _scope: string, path: string) => {
    if (path === 'name') return _scope === 'series' ? fallback : field.name;
    if (path === 'displayName') return fallback;
    if (path === 'labels')
      return Object.entries(field.labels ?? {})
        .map(([name, value]) => `${name}="${value}"`)
        .join(', ');
    const label = /^labels(?:\.(.+)|\["(.+)"\])$/.exec(path);
    return label === null ? '' : (field.labels?.[label[1] ?? label[2] ?? ''] ?? '');
  });
}

const regexOf = (text: string): RegExp => {
  const [, body = text, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(text) ?? [];
  return new RegExp(body, flags);
};

type Matcher = (options: unknown, field: Field, name: string, refId: string) => boolean;

const MATCHERS: Readonly<Record<string, Matcher>> = {
  byName: (options, field, name) => options === name || options === field.name,
  byRegexp: (options, field, name) => regexOf(String(options)).test(name) || regexOf(String(options)).test(field.name),
  byType: (options, field) => options === field.type,
  byFrameRefID: (options, _field, _name, refId) => options === refId,
  byNames: (options, field, name) => {
    const { names = [], mode = 'include' } = options as { names?: string[]; mode?: string };
    const isListed = names.includes(name) || names.includes(field.name);
    return mode === 'exclude' ? !isListed : isListed;
  },
};

export const isKnownMatcher = (id: string): boolean => id in MATCHERS;

function setProperty(config: Record<string, unknown>, id: string, value: unknown): void {
  if (!id.startsWith('custom.')) {
    config[id] = value;
    return;
  }
  const path = id.slice('custom.'.length).split('.');
  const custom = { ...(config['custom'] as Record<string, unknown> | undefined) };
  config['custom'] = custom;
  let place = custom;
  for (const step of path.slice(0, -1)) {
    const inner = { ...(place[step] as Record<string, unknown> | undefined) };
    place[step] = inner;
    place = inner;
  }
  place[path.at(-1) as string] = value;
}

function configFor(
  defaults: FieldConfig,
  overrides: readonly FieldOverride[],
  field: Field,
  name: string,
  refId: string,
): FieldConfig {
  const config: Record<string, unknown> = { ...defaults };
  for (const { matcher, properties = [] } of overrides) {
    const matches = MATCHERS[matcher.id];
    if (matches === undefined || !matches(matcher.options, field, name, refId)) continue;
    for (const { id, value } of properties) setProperty(config, id, value);
  }
  return config;
}

/** All frames of a panel with names and configuration, ready to draw. */
export function resolveFields(panel: Panel, frames: readonly Frame[]): DisplayFrame[] {
  const defaults = panel.fieldConfig?.defaults ?? {};
  const overrides = panel.fieldConfig?.overrides ?? [];
  let id = 0;
  return frames.map((frame, frameIndex) => ({
    refId: frame.refId,
    fields: frame.fields.map((field) => {
      const name = defaultName(field, frames);
      const config = configFor(defaults, overrides, field, name, frame.refId);
      const displayName =
        config.displayName === undefined || config.displayName === ''
          ? name
          : customName(config.displayName, field, name);
      id += 1;
      return { ...field, id, refId: frame.refId, frameIndex, displayName, config };
    }),
  }));
}

const custom = (config: FieldConfig): Readonly<Record<string, unknown>> => config.custom ?? {};
export const customNumber = (config: FieldConfig, name: string, fallback: number): number => {
  const value = custom(config)[name];
  return typeof value === 'number' ? value : fallback;
};
export const customText = (config: FieldConfig, name: string, fallback: string): string => {
  const value = custom(config)[name];
  return typeof value === 'string' ? value : fallback;
};
export const customRecord = (config: FieldConfig, name: string): Readonly<Record<string, unknown>> => {
  const value = custom(config)[name];
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
};

/** Hidden from `place` (viz, legend, tooltip) by `custom.hideFrom`. */
export const isHiddenFrom = (field: DisplayField, place: 'viz' | 'legend' | 'tooltip'): boolean =>
  customRecord(field.config, 'hideFrom')[place] === true;
