// The parts of Grafana's classic dashboard JSON (schemaVersion 42) that the viewer reads.

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly timezone?: string;
  readonly refresh?: string | boolean;
  readonly graphTooltip?: number;
  readonly time?: { readonly from: string; readonly to: string };
  readonly templating?: { readonly list?: readonly VariableModel[] };
  readonly annotations?: { readonly list?: readonly AnnotationModel[] };
  readonly links?: readonly DashboardLink[];
  readonly panels?: readonly Panel[];
}

export interface VariableModel {
  readonly name: string;
  readonly type: string;
  readonly label?: string | null;
  readonly description?: string | null;
  /** 0 shown, 1 without label, 2 hidden. */
  readonly hide?: number | string;
  readonly query?: string | QueryModel;
  readonly current?: { readonly text?: string | readonly string[]; readonly value?: string | readonly string[] };
  readonly options?: readonly {
    readonly text?: string | readonly string[];
    readonly value?: string | readonly string[];
  }[];
  readonly multi?: boolean;
  readonly includeAll?: boolean;
  readonly allValue?: string | null;
  readonly regex?: string;
  readonly sort?: number;
}

export interface QueryModel {
  readonly refId?: string;
  readonly query?: string;
  readonly database?: string;
  readonly queryType?: string;
  readonly resultFormat?: string;
  readonly hide?: boolean;
  readonly datasource?: { readonly type?: string; readonly uid?: string } | string | null;
}

export interface AnnotationModel {
  readonly name?: string;
  readonly enable?: boolean;
  readonly hide?: boolean;
  readonly builtIn?: number;
  readonly iconColor?: string;
  readonly datasource?: QueryModel['datasource'];
  readonly target?: QueryModel;
  readonly mappings?: Readonly<Record<string, { readonly source?: string; readonly value?: string } | undefined>>;
}

export interface DashboardLink {
  readonly title?: string;
  readonly type?: string;
  readonly url?: string;
  readonly tags?: readonly string[];
  readonly keepTime?: boolean;
  readonly includeVars?: boolean;
  readonly targetBlank?: boolean;
}

export interface GridPos {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Panel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly gridPos?: GridPos;
  readonly targets?: readonly QueryModel[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: { readonly defaults?: FieldConfig; readonly overrides?: readonly FieldOverride[] };
  readonly transformations?: readonly {
    readonly id: string;
    readonly disabled?: boolean;
    readonly options?: unknown;
  }[];
  readonly links?: readonly DashboardLink[];
  readonly transparent?: boolean;
  readonly maxDataPoints?: number | null;
  readonly interval?: string | null;
  readonly timeFrom?: string | null;
  readonly timeShift?: string | null;
  readonly repeat?: string | null;
  readonly repeatDirection?: string;
  readonly maxPerRow?: number;
  readonly collapsed?: boolean;
  readonly panels?: readonly Panel[];
}

export interface FieldOverride {
  readonly matcher: { readonly id: string; readonly options?: unknown };
  readonly properties?: readonly { readonly id: string; readonly value?: unknown }[];
}

export interface Threshold {
  readonly value: number | null;
  readonly color: string;
}

export interface DataLink {
  readonly title?: string;
  readonly url?: string;
  readonly targetBlank?: boolean;
}

export interface ValueMapping {
  readonly type: string;
  readonly options?: unknown;
}

export interface FieldConfig {
  readonly displayName?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly decimals?: number | null;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly noValue?: string;
  readonly color?: { readonly mode?: string; readonly fixedColor?: string; readonly seriesBy?: string };
  readonly thresholds?: { readonly mode?: string; readonly steps?: readonly Threshold[] };
  readonly mappings?: readonly ValueMapping[];
  readonly links?: readonly DataLink[];
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly filterable?: boolean;
}

/** All panels, those inside collapsed rows included. */
export const allPanels = (dashboard: Dashboard): Panel[] =>
  (dashboard.panels ?? []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
