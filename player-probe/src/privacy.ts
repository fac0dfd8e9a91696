/** 0 when the application or the browser (Global Privacy Control, Do Not Track) says no. */
export function consentOf(granted: boolean | undefined): 0 | 1 {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & { globalPrivacyControl?: boolean };
  return granted === false || globalPrivacyControl || doNotTrack === '1' ? 0 : 1;
}

/** Addresses in a text cut to their hosts: paths and queries carry tokens and names. */
export const cutUrls = (text: string): string =>
  text.replace(/[^\s'"]*[/?][^\s'"]*/g, (address) => /\/\/(?:[^/?#]*@)?([^/?#]+)/.exec(address)?.[1] ?? '…');

/** UUID v4; `crypto.randomUUID` exists on secure pages only. */
export const newId = (): string =>
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (c) =>
    (+c ^ (crypto.getRandomValues(new Uint8Array(1))[0]! & (15 >> (+c / 4)))).toString(16),
  );
