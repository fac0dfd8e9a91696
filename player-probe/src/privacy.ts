/** 0 when the application or the browser (Global Privacy Control, Do Not Track) says no. */
export function consentOf(granted: boolean | undefined): 0 | 1 {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return granted === false || globalPrivacyControl || doNotTrack === '1' ? 0 : 1;
}

/** Addresses in a text cut to their hosts: paths and queries carry tokens and names. */
export const cutUrls = (text: string): string =>
  text.replace(/[^\s'"]*[/?][^\s'"]*/g, (address) => /\/\/(?:[^/?#]*@)?([^/?#]+)/.exec(address)?.[1] ?? '…');

/** UUID v4. `crypto.randomUUID` exists on secure pages only; the names of blobs are such ids everywhere. */
export function newId(): string {
  const url = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(url);
  return url.slice(-36);
}
