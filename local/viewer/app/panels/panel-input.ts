import type { Dashboard, Panel } from '../../model/dashboard.ts';
import type { LinkContext } from '../../model/data-links.ts';
import type { DisplayField, DisplayFrame } from '../../model/field-config.ts';
import type { TimeRangeMs } from '../../query/macros.ts';
import type { AnnotationEvent } from '../../annotation-query.ts';
import type { AlertsAnswer } from '../api.ts';
import type { Crosshair } from '../crosshair.ts';

/** Everything a panel is drawn from. */
export interface PanelInput {
  readonly dashboard: Dashboard;
  readonly panel: Panel;
  readonly frames: readonly DisplayFrame[];
  readonly range: TimeRangeMs;
  readonly annotations: readonly AnnotationEvent[];
  readonly alerts: AlertsAnswer | undefined;
  readonly links: LinkContext;
  readonly crosshair: Crosshair;
  readonly onZoom: (range: TimeRangeMs) => void;
}

/** A drawn panel. */
export interface PanelInstance {
  readonly update: (input: PanelInput) => void;
  readonly resize: () => void;
  readonly dispose: () => void;
}

export type PanelType = (body: HTMLElement) => PanelInstance;

/** An instance that is drawn anew on each update and on each change of size. */
export function redrawn(draw: (body: HTMLElement, input: PanelInput) => void): PanelType {
  return (body) => {
    let last: PanelInput | undefined;
    const update = (input: PanelInput): void => {
      last = input;
      body.replaceChildren();
      draw(body, input);
    };
    return {
      update,
      resize: () => {
        if (last !== undefined) update(last);
      },
      dispose: () => body.replaceChildren(),
    };
  };
}

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A panel option by dotted name. */
export function option(panel: Panel, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) => record(value)[step], panel.options ?? {});
}
export const textOption = (panel: Panel, path: string, fallback: string): string => {
  const value = option(panel, path);
  return typeof value === 'string' ? value : fallback;
};
export const numberOption = (panel: Panel, path: string, fallback: number): number => {
  const value = option(panel, path);
  return typeof value === 'number' ? value : fallback;
};
export const flagOption = (panel: Panel, path: string, fallback: boolean): boolean => {
  const value = option(panel, path);
  return typeof value === 'boolean' ? value : fallback;
};
export const listOption = (panel: Panel, path: string): readonly string[] => {
  const value = option(panel, path);
  return Array.isArray(value) ? value.map(String) : [];
};

export const timeFieldOf = (frame: DisplayFrame): DisplayField | undefined =>
  frame.fields.find((field) => field.type === 'time');
