/** The kernel interface of a file system in user space (FUSE) on Linux. */
export interface FuseDevice extends AsyncDisposable {
  /** Waits for the next request. Returns null once the file system is unmounted. */
  next(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Responds to a request. */
  answer(data: Uint8Array<ArrayBuffer>): void;
}

const LIBC = {
  open: { parameters: ["buffer", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  mount: { parameters: ["buffer", "buffer", "buffer", "u64", "buffer"], result: "i32" },
  umount2: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
} as const;

const O_RDWR = 2;
const O_CLOEXEC = 0x80000;
const MS_NOSUID = 2n;
const MS_NODEV = 4n;
const MNT_FORCE = 1;
const MNT_DETACH = 2;
const ROOT_MODE = "40755";
/** The largest request of the kernel: a write of 128 KiB and its header. */
const REQUEST_LENGTH = 128 * 1024 + 4096;

/** Mounts a file system at the folder `path`. @throws {Error} If that is not possible. */
export function mountFuse(path: string): FuseDevice {
  const libc = Deno.dlopen("libc.so.6", LIBC);
  const device = libc.symbols.open(text("/dev/fuse"), O_RDWR | O_CLOEXEC);
  const options = `fd=${device},rootmode=${ROOT_MODE},user_id=0,group_id=0,allow_other`;
  const mounted = device < 0 ? -1 : libc.symbols.mount(
    text("fault-disk"),
    text(path),
    text("fuse"),
    MS_NOSUID | MS_NODEV,
    text(options),
  );
  if (mounted !== 0) {
    if (device >= 0) libc.symbols.close(device);
    libc.close();
    throw new Error(`No file system in user space could be mounted at ${path}`);
  }
  const buffer = new Uint8Array(REQUEST_LENGTH);
  let reading: Promise<unknown> = Promise.resolve();
  return {
    async next() {
      const read = libc.symbols.read(device, buffer, BigInt(REQUEST_LENGTH));
      reading = read;
      const length = Number(await read);
      return length < 0 ? null : buffer.slice(0, length);
    },
    answer: (data) => void libc.symbols.write(device, data, BigInt(data.length)),
    async [Symbol.asyncDispose]() {
      // MNT_FORCE ends the pending requests, and with them the read that waits for the next one.
      await libc.symbols.umount2(text(path), MNT_FORCE | MNT_DETACH);
      await reading;
      libc.symbols.close(device);
      libc.close();
    },
  };
}

/**
 * Returns whether FUSE file systems can be mounted here: by root on Linux, if the kernel and the container allow it.
 */
export async function canMountFuse(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const path = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  try {
    await mountFuse(path)[Symbol.asyncDispose]();
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(path);
  }
}

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${value}\0`);
}
