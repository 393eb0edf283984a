/** What the library computes on; a `cuda` library runs on the CPU too where there is no GPU. */
export type Device = 'cpu' | 'cuda';

/** The machine a wheel has to fit. */
export interface Machine {
  readonly platform: string;
  readonly architecture: string;
  /** Version of the GNU C library; absent on macOS and on Linux with musl. */
  readonly glibc?: string;
}

/** One of TensorFlow's own wheels, as the package index names it. */
export interface EngineWheel {
  readonly supported: true;
  /** Package and version as pip takes them. */
  readonly requirement: string;
  /** The extra of the package whose `nvidia-*` wheels are needed too. */
  readonly extra?: string;
  readonly pipPlatforms: readonly string[];
  readonly uvPlatform: string;
  /** Bytes to download and bytes on disk afterwards, as of 2.21.0; the NVIDIA wheels of `cuda` included. */
  readonly downloadBytes: number;
  readonly diskBytes: number;
}

/** Why there is no wheel for a machine. */
export interface UnsupportedMachine {
  readonly supported: false;
  readonly reason: string;
}

/** Version of TensorFlow the engine is built and tested against, as pip takes it. */
const engineVersion = '2.21.*';
/** Folder names in the cache that hold that version: version and device. */
export const engineFolderPattern = /^(2\.21\.\d+)-(cpu|cuda)$/;

const oldestGlibc = 27;

type WheelFacts = Pick<EngineWheel, 'requirement' | 'extra' | 'downloadBytes' | 'diskBytes'>;

const wheels: Readonly<Record<string, WheelFacts>> = {
  'cpu linux x64': {
    requirement: `tensorflow-cpu==${engineVersion}`,
    downloadBytes: 274e6,
    diskBytes: 853e6,
  },
  'cpu linux arm64': { requirement: `tensorflow==${engineVersion}`, downloadBytes: 282e6, diskBytes: 883e6 },
  'cpu darwin arm64': { requirement: `tensorflow==${engineVersion}`, downloadBytes: 223e6, diskBytes: 741e6 },
  'cuda linux x64': {
    requirement: `tensorflow==${engineVersion}`,
    extra: 'and-cuda',
    downloadBytes: 3380e6,
    diskBytes: 5594e6,
  },
};

/** The platform tags of the wheels that a machine can load, as pip and uv take them. */
function platformTags({ platform, architecture, glibc = '' }: Machine) {
  if (platform === 'darwin')
    return { pipPlatforms: ['macosx_12_0_arm64'], uvPlatform: 'aarch64-apple-darwin' };
  const processor = architecture === 'arm64' ? 'aarch64' : 'x86_64';
  const newest = Number(glibc.split('.')[1]);
  // pip takes each tag by name: from this machine's glibc down to 2.17, which manylinux2014 is another name of.
  const minors = Array.from({ length: newest - 16 }, (_, index) => newest - index);
  const pipPlatforms = minors.map((minor) => `manylinux_2_${minor}_${processor}`);
  return {
    pipPlatforms: [...pipPlatforms, `manylinux2014_${processor}`],
    uvPlatform: `${processor}-manylinux_2_28`,
  };
}

/** This machine, as a wheel sees it. */
export function thisMachine(): Machine {
  const machine = { platform: process.platform, architecture: process.arch };
  if (process.platform !== 'linux') return machine;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const glibc = report.header?.glibcVersionRuntime;
  return glibc ? { ...machine, glibc } : machine;
}

function reasonAgainst(device: Device, { platform, architecture, glibc }: Machine): string | undefined {
  if (!wheels[`${device} ${platform} ${architecture}`]) {
    return `TensorFlow ${engineVersion} has no ${device} wheel for ${platform} ${architecture}`;
  }
  if (platform !== 'linux') return undefined;
  if (!glibc) return 'TensorFlow has wheels for glibc only, and this Linux has another C library (musl?)';
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  if (major === 2 && minor < oldestGlibc)
    return `TensorFlow needs glibc 2.${oldestGlibc} or newer, here is ${glibc}`;
  return undefined;
}

/** The wheel that holds libtensorflow for a device on a machine, or why there is none. */
export function engineWheel(device: Device, machine: Machine): EngineWheel | UnsupportedMachine {
  const reason = reasonAgainst(device, machine);
  if (reason) return { supported: false, reason };
  const facts = wheels[`${device} ${machine.platform} ${machine.architecture}`]!;
  return { supported: true, ...facts, ...platformTags(machine) };
}
