import './sdk.ts';

// No SDK: a timer that does nothing shows what the measuring takes of every call.
window.sdks['empty'] = () => {
  setInterval(() => undefined, 500);
};
