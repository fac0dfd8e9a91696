/** Order of the bytes of a GUID: the first three groups lie with their low end first. */
const ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function reorder(bytes: Buffer): Buffer {
  return Buffer.from(ORDER.map((at) => bytes[at] as number));
}

/** `base64_encode_fromguid`; null when it is no GUID. */
export function base64OfGuid(guid: string): string | null {
  const hex = guid.replaceAll(/[{}-]/g, '');
  return /^[0-9a-f]{32}$/i.test(hex) ? reorder(Buffer.from(hex, 'hex')).toString('base64') : null;
}

/** `base64_decode_toguid`; null unless it is base64 of 16 bytes. */
export function guidOfBase64(text: string): string | null {
  const bytes = /^[A-Za-z0-9+/]{22}==$/.test(text) ? Buffer.from(text, 'base64') : undefined;
  return bytes
    ? reorder(bytes)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
    : null;
}
