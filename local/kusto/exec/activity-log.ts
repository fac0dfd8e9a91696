import { randomUUID } from 'node:crypto';
import { KustoError } from '../types.ts';

/** Who asked, as the request's headers say; nobody is checked. */
export interface Caller {
  readonly clientRequestId: string;
  readonly user: string;
  readonly application: string;
}

export type ActivityState = 'InProgress' | 'Completed' | 'Failed' | 'Cancelled';

/** A query or management command, running or done. */
export interface Activity extends Caller {
  readonly id: string;
  /** `Query`, or a command's type: `TableSetOrAppend`. */
  readonly type: string;
  readonly text: string;
  readonly database: string;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly state: ActivityState;
  /** Why it failed; empty otherwise. */
  readonly reason: string;
  readonly isTransient: boolean;
  /** Rows of the answer. */
  readonly rowCount: number;
  readonly cancel: (() => void) | undefined;
}

/** Reports on one activity. */
export interface Running {
  readonly id: string;
  done(rowCount: number): void;
  failed(error: unknown): void;
}

type Begin = Pick<Activity, 'type' | 'text' | 'database'> & Caller & { readonly cancel?: () => void };

const KEPT = 500;
const MOST_CHARACTERS = 8000;

/** The newest activities of one kind. Kept in memory: those of an earlier process are gone. */
export class ActivityLog {
  readonly #activities = new Map<string, Activity>();

  begin(begun: Begin): Running {
    const id = randomUUID();
    const startedAt = new Date();
    const { clientRequestId, user, application, type, database, cancel } = begun;
    const activity: Activity = {
      id,
      clientRequestId,
      user,
      application,
      type,
      database,
      cancel,
      startedAt,
      text: begun.text.slice(0, MOST_CHARACTERS),
      updatedAt: startedAt,
      state: 'InProgress',
      reason: '',
      isTransient: false,
      rowCount: 0,
    };
    this.#activities.set(id, activity);
    this.#forgetOldest();
    const end = (end: Partial<Activity>): void => {
      if (this.#activities.has(id))
        this.#activities.set(id, { ...activity, cancel: undefined, updatedAt: new Date(), ...end });
    };
    return {
      id,
      done: (rowCount) => end({ state: 'Completed', rowCount }),
      failed: (error) =>
        end({
          state:
            error instanceof KustoError && error.message.startsWith('Query was cancelled') ? 'Cancelled' : 'Failed',
          reason: error instanceof Error ? error.message : String(error),
          isTransient: error instanceof KustoError && !error.permanent,
        }),
    };
  }

  get(id: string): Activity | undefined {
    return this.#activities.get(id.toLowerCase());
  }

  /** Newest first. */
  list(): readonly Activity[] {
    return [...this.#activities.values()].toReversed();
  }

  #forgetOldest(): void {
    if (this.#activities.size <= KEPT) return;
    for (const [id, { state }] of this.#activities) {
      if (state === 'InProgress') continue;
      this.#activities.delete(id);
      return;
    }
  }
}
