/** The browser says no for its user: Global Privacy Control, or Do Not Track. */
export const refused = (): boolean =>
  (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl || navigator.doNotTrack === '1';

/** Addresses in a text cut to their hosts: paths and queries carry tokens and names. */
export const cutUrls = (text: string): string =>
  text.replace(/[^\s'"]*[/?][^\s'"]*/g, (address) => /\/\/([^/?#]*@)?([^/?#]+)/.exec(address)?.[2] ?? '…');

/** UUID v4 on secure pages; others have no `randomUUID`, and get what is as unlikely to be met twice. */
export const newId = (): string => crypto.randomUUID?.() ?? Date.now() + `${Math.random()}`;
