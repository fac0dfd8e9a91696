import { cleanText } from '../../clean.ts';

// How a value of a log becomes the value of a column. Undefined: there is none.

export type Read = (value: unknown) => unknown;
export type ReadText = (value: unknown) => string | undefined;

/** As it is; for what is taken apart further. */
export const whole: Read = (value) => value;
export const text: ReadText = (value) =>
  typeof value === 'string' ? cleanText(value) : typeof value === 'number' ? String(value) : undefined;
export const lower: ReadText = (value) => (typeof value === 'string' ? cleanText(value.toLowerCase()) : undefined);
export const upper: ReadText = (value) => (typeof value === 'string' ? cleanText(value.toUpperCase()) : undefined);
/** A number, as such or as text; text that is none stays as it is and fails validation with its value. */
export const number: Read = (value) =>
  typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
const scaled =
  (factor: number): Read =>
  (value) => {
    const read = number(value);
    return typeof read === 'number' ? Math.round(read * factor * 1000) / 1000 : read;
  };
export const secondsToMs = scaled(1000);
export const microsToMs = scaled(0.001);

/** Values escaped as in URLs; a broken encoding stays as it is. */
export const unescaped: ReadText = (value) => {
  if (typeof value !== 'string') return undefined;
  try {
    return cleanText(decodeURIComponent(value));
  } catch {
    return cleanText(value);
  }
};
