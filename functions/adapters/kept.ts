/** Something that is made at its first use and kept: a client, a container. */
export interface Kept<T> {
  /** A failure is not kept: the next use tries again. */
  readonly get: () => Promise<T>;
  /** Hands it over for its end when it was ever made; makes nothing. */
  close(end: (made: T) => unknown): void;
}

export function kept<T>(make: () => Promise<T>): Kept<T> {
  let made: Promise<T> | undefined;
  return {
    get() {
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    close(end) {
      made?.then(end, () => undefined);
    },
  };
}
