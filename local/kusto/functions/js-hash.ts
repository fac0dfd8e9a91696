import { xxHash64 } from '../scalars/xxhash.ts';
import { KustoError } from '../types.ts';
import type { ScalarFunction } from './function-types.ts';

/** Of a negative hash it is not known which remainder Kusto gives. */
function remainder(hash: bigint, modulo: bigint | undefined): bigint {
  if (modulo === undefined) return hash;
  if (modulo <= 0n) throw new KustoError('SEM', 'hash: the modulo must be positive');
  if (hash < 0n) throw new KustoError('UNSUPPORTED', 'hash: a modulo of a negative hash value');
  return hash % modulo;
}

function hashOfLong(value: bigint, modulo?: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return remainder(xxHash64(bytes), modulo);
}

/** Hidden behind `hash`, which chooses by the type of its argument. */
const BY_TYPE: readonly ScalarFunction[] = [
  {
    kind: 'js',
    name: 'internal_hash_text',
    args: ['string', 'long'],
    required: 1,
    result: 'long',
    call: (text: string, modulo?: bigint) => remainder(xxHash64(Buffer.from(text)), modulo),
  },
  { kind: 'js', name: 'internal_hash_long', args: ['long', 'long'], required: 1, result: 'long', call: hashOfLong },
];

const BY_NAME: readonly ScalarFunction[] = ['hash', 'hash_xxhash64'].map((name): ScalarFunction => ({
  kind: 'native',
  name,
  arity: [1, 2],
  build: ([source, modulo], site) => {
    if (!source) return site.refuse('an argument is missing');
    // Confirmed for strings (their UTF-8) and datetimes (ticks, 8 bytes, low end first).
    const text = source.type === 'string';
    if (!text && source.type !== 'datetime')
      return site.refuse(`of a ${source.type} is not supported, only of string and datetime`);
    const rest = modulo ? `, CAST(${modulo.sql} AS BIGINT)` : '';
    return `kql_internal_hash_${text ? 'text' : 'long'}_${modulo ? 2 : 1}(${source.sql}${rest})`;
  },
}));

/** `hash`, `hash_xxhash64`: XXH64. */
export const JS_HASH: readonly ScalarFunction[] = [...BY_TYPE, ...BY_NAME];
