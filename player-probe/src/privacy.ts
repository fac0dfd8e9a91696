/** 0 when the application or the browser (Global Privacy Control, Do Not Track) says no. */
export function consentOf(granted: boolean | undefined): 0 | 1 {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return granted === false || globalPrivacyControl || doNotTrack === '1' ? 0 : 1;
}

/** URLs in a text cut to their hosts: paths and queries carry tokens and names. */
export function cutUrls(text: string): string {
  return text.replace(/\b\w+:\/\/([^\s/?#'"]*@)?([^\s/?#'"]+)[^\s'"]*/g, '$2');
}

/** UUID v4; `crypto.randomUUID` exists on secure pages only. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
