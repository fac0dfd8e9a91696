import { KustoError } from '../types.ts';
import { pad } from './datetime-text.ts';
import { dateOfTicks, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND } from './ticks.ts';

const DELIMITERS = ' /-:,._[]';

/** Value of one run of a letter, or undefined when the format has no such element. */
type Element = (letter: string, width: number) => string | undefined;

/** First `width` of the seven digits; capital F drops trailing zeros. */
function fractionDigits(ticks: bigint, letter: string, width: number): string | undefined {
  if (width > 7) return undefined;
  const digits = pad(ticks % TICKS_PER_SECOND, 7).slice(0, width);
  return letter === 'F' ? digits.replace(/0+$/, '') : digits;
}

function plainOrPadded(value: bigint | number, width: number): string | undefined {
  return width > 2 ? undefined : pad(value, width);
}

/** Runs of more than two letters are read two by two: `ddd` is `dd` and `d` (seen on the emulator). */
function repeated(value: number, width: number): string {
  return pad(value, 2).repeat(Math.floor(width / 2)) + (width % 2 === 1 ? String(value) : '');
}

function walk(format: string, name: string, element: Element): string {
  let out = '';
  for (let i = 0; i < format.length;) {
    const letter = format[i] as string;
    if (DELIMITERS.includes(letter)) {
      out += letter;
      i++;
      continue;
    }
    let width = 1;
    while (format[i + width] === letter) width++;
    const text = element(letter, width);
    if (text === undefined)
      throw new KustoError('SEM', `${name}: '${letter.repeat(width)}' is not a supported format element`);
    // Whether the point before a vanished fraction vanishes too is not documented.
    if (text === '' && out.endsWith('.'))
      throw new KustoError('UNSUPPORTED', `${name}: '.${letter.repeat(width)}' with a fraction of zero; use 'f'`);
    out += text;
    i += width;
  }
  return out;
}

/** `format_datetime`. Refuses elements and delimiters that the documentation does not list. */
export function formatDatetime(ticks: bigint, format: string): string {
  const { year, month, day } = dateOfTicks(ticks);
  const hour = (ticks / TICKS_PER_HOUR) % 24n;
  return walk(format, 'format_datetime', (letter, width) => {
    switch (letter) {
      case 'd': {
        return repeated(day, width);
      }
      case 'M': {
        return repeated(month, width);
      }
      case 'y': {
        return width === 4 ? pad(year, 4) : plainOrPadded(year % 100, width);
      }
      case 'h': {
        return plainOrPadded(hour % 12n === 0n ? 12n : hour % 12n, width);
      }
      case 't': {
        if (width !== 2) return undefined;
        return hour < 12n ? 'AM' : 'PM';
      }
      default: {
        return clockElement(ticks, letter, width);
      }
    }
  });
}

function clockElement(ticks: bigint, letter: string, width: number): string | undefined {
  switch (letter) {
    case 'H': {
      return plainOrPadded((ticks / TICKS_PER_HOUR) % 24n, width);
    }
    case 'm': {
      return plainOrPadded((ticks / TICKS_PER_MINUTE) % 60n, width);
    }
    case 's': {
      return plainOrPadded((ticks / TICKS_PER_SECOND) % 60n, width);
    }
    case 'f':
    case 'F': {
      return fractionDigits(ticks, letter, width);
    }
    default: {
      return undefined;
    }
  }
}

/** `format_timespan`. The sign of a negative timespan is not shown by any documented element, so those are refused. */
export function formatTimespan(ticks: bigint, format: string): string {
  if (ticks < 0n)
    throw new KustoError(
      'UNSUPPORTED',
      'format_timespan: negative timespans are not supported; format the absolute value',
    );
  return walk(format, 'format_timespan', (letter, width) => {
    if (letter === 'd') return width > 8 ? undefined : pad(ticks / TICKS_PER_DAY, width);
    return clockElement(ticks, letter === 'h' ? 'H' : letter, width);
  });
}
