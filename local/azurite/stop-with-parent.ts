// Loaded into Azurite's process by `node --import`. Azurite must end by SIGTERM: killed, it loses acknowledged writes, and an
// orphan would keep the port. Our end of its stdin closes with us, however we died, so its end of file is the signal.
process.stdin.once('end', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.once('error', () => process.kill(process.pid, 'SIGTERM'));
process.stdin.resume();
// The watch alone must not keep a stopped Azurite alive.
if ('unref' in process.stdin && typeof process.stdin.unref === 'function') process.stdin.unref();
