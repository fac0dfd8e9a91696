// Unit conversions whose factors are exact by definition. Other units are refused: their factors differ between tables.

import { KustoError } from '../types.ts';

type Factors = Readonly<Record<string, number>>;

function prefixed(unit: string, base: number, prefixes: Factors): Factors {
  return Object.fromEntries(
    Object.entries(prefixes).map(([prefix, factor]) => [
      `${prefix}${prefix === '' ? unit : unit.toLowerCase()}`,
      factor * base,
    ]),
  );
}

const SI: Factors = {
  '': 1,
  Nano: 1e-9,
  Micro: 1e-6,
  Milli: 1e-3,
  Centi: 1e-2,
  Deci: 1e-1,
  Deca: 10,
  Hecto: 100,
  Kilo: 1000,
  Mega: 1e6,
};

const LENGTH: Factors = {
  ...prefixed('Meter', 1, SI),
  Inch: 0.0254,
  Foot: 0.3048,
  Yard: 0.9144,
  Mile: 1609.344,
  NauticalMile: 1852,
};

const PER: Factors = { Second: 1, Minute: 60, Hour: 3600 };

const SPEED: Factors = {
  ...Object.fromEntries(
    Object.entries(LENGTH).flatMap(([unit, metres]) =>
      Object.entries(PER).map(([time, seconds]) => [`${unit}Per${time}`, metres / seconds]),
    ),
  ),
  Knot: 1852 / 3600,
};

/** Factors to the base unit of each quantity. */
const QUANTITIES: Readonly<Record<string, Factors>> = {
  angle: {
    ...prefixed('Degree', 1, { '': 1, Nano: 1e-9, Micro: 1e-6, Milli: 1e-3 }),
    ...prefixed('Radian', 180 / Math.PI, { '': 1, Nano: 1e-9, Micro: 1e-6, Milli: 1e-3, Centi: 1e-2, Deci: 1e-1 }),
    Arcminute: 1 / 60,
    Arcsecond: 1 / 3600,
    Gradian: 0.9,
    Revolution: 360,
  },
  energy: {
    ...prefixed('Joule', 1, { '': 1, Milli: 1e-3, Kilo: 1e3, Mega: 1e6, Giga: 1e9 }),
    ...prefixed('Calorie', 4.184, { '': 1, Kilo: 1e3, Mega: 1e6 }),
    ...Object.fromEntries(
      Object.entries({ Watt: 1, Kilowatt: 1e3, Megawatt: 1e6, Gigawatt: 1e9, Terawatt: 1e12 }).flatMap(
        ([unit, watts]) => [
          [`${unit}Hour`, watts * 3600],
          [`${unit}Day`, watts * 86_400],
        ],
      ),
    ),
    BritishThermalUnit: 1055.05585262,
    Erg: 1e-7,
  },
  force: {
    ...prefixed('Newton', 1, { '': 1, Micro: 1e-6, Milli: 1e-3, Deca: 10, Kilo: 1e3, Mega: 1e6 }),
    Dyn: 1e-5,
    KilogramForce: 9.80665,
    KiloPond: 9.80665,
    TonneForce: 9806.65,
  },
  length: LENGTH,
  mass: {
    ...prefixed('Gram', 1, SI),
    Tonne: 1e6,
    Kilotonne: 1e9,
    Megatonne: 1e12,
    Pound: 453.59237,
    Ounce: 28.349523125,
    Stone: 6350.29318,
    ShortTon: 907_184.74,
    LongTon: 1_016_046.9088,
  },
  speed: SPEED,
  volume: {
    ...prefixed('Liter', 1e-3, SI),
    ...Object.fromEntries(
      Object.entries(prefixed('Meter', 1, SI)).map(([unit, metres]) => [
        `Cubic${unit[0]}${unit.slice(1).toLowerCase()}`,
        metres ** 3,
      ]),
    ),
    AcreFoot: 1 / 0.000810714,
  },
};

/** `convert_angle`, `convert_length`, … Refuses units that are not in the table. */
export function convertUnit(quantity: string, value: number, from: string, to: string): number {
  const factors = QUANTITIES[quantity] ?? {};
  const [a, b] = [factors[from], factors[to]];
  if (a === undefined || b === undefined)
    throw new KustoError(
      'UNSUPPORTED',
      `convert_${quantity}: the unit '${a === undefined ? from : to}' is not supported`,
    );
  return (value * a) / b;
}

/** Degrees Celsius of a temperature and back. */
const TEMPERATURES: Readonly<
  Record<string, readonly [toCelsius: (value: number) => number, fromCelsius: (value: number) => number]>
> = {
  Kelvin: [(k) => k - 273.15, (c) => c + 273.15],
  DegreeCelsius: [(c) => c, (c) => c],
  DegreeFahrenheit: [(f) => ((f - 32) * 5) / 9, (c) => (c * 9) / 5 + 32],
  DegreeRankine: [(r) => ((r - 491.67) * 5) / 9, (c) => (c * 9) / 5 + 491.67],
};

/** `convert_temperature`. Refuses units that are not in the table. */
export function convertTemperature(value: number, from: string, to: string): number {
  const [a, b] = [TEMPERATURES[from], TEMPERATURES[to]];
  if (!a || !b)
    throw new KustoError('UNSUPPORTED', `convert_temperature: the unit '${a ? to : from}' is not supported`);
  return b[1](a[0](value));
}

export const UNIT_QUANTITIES: readonly string[] = Object.keys(QUANTITIES);
