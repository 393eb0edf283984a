/** One wheel that the package index offers. */
export interface ResolvedWheel {
  readonly name: string;
  readonly version: string;
  /** File name; absent where the tool is too old to tell. */
  readonly file?: string;
  /** Hexadecimal; absent where the index states none. */
  readonly sha256?: string;
  /** Size of the download where the index tells it. */
  readonly bytes?: number;
}

/** The part of pip's installation report that is read here (https://pip.pypa.io/en/stable/reference/installation-report/). */
export interface PipReport {
  readonly install: readonly {
    readonly download_info: {
      readonly url: string;
      readonly archive_info?: { readonly hash?: string; readonly hashes?: Readonly<Record<string, string>> };
    };
    readonly metadata: {
      readonly name: string;
      readonly version: string;
      readonly requires_dist?: readonly string[];
    };
  }[];
}

const fileOf = (url: string): string => decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');

/** The name as package indexes compare it (PEP 503). */
const normalized = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

/** The wheels a pip report says would be installed. */
export function wheelsOfReport(report: PipReport): ResolvedWheel[] {
  return report.install.map(({ download_info, metadata }) => {
    const { hash, hashes } = download_info.archive_info ?? {};
    const sha256 = hashes?.sha256 ?? /^sha256=([0-9a-f]{64})$/.exec(hash ?? '')?.[1];
    const file = fileOf(download_info.url);
    return { name: normalized(metadata.name), version: metadata.version, file, ...(sha256 && { sha256 }) };
  });
}

/** The `nvidia-*` requirements that an extra of the reported packages adds, as pip takes them. */
export function nvidiaRequirements(report: PipReport, extra: string): string[] {
  const marker = new RegExp(`^extra\\s*==\\s*["']${extra}["']$`);
  return report.install
    .flatMap(({ metadata }) => metadata.requires_dist ?? [])
    .map((line) => line.split(';').map((part) => part.trim()))
    .filter(([name = '', condition = '']) => name.startsWith('nvidia-') && marker.test(condition))
    .map(([requirement = '']) => requirement.replace(/[\s()]/g, ''));
}

/** The wheels of a lock file (PEP 751) as `uv pip compile --format pylock.toml` writes it: one package, one wheel. */
export function wheelsOfLock(text: string): ResolvedWheel[] {
  return text
    .split(/^\[\[packages\]\]$/m)
    .slice(1)
    .flatMap((block) => {
      const field = (pattern: RegExp) => pattern.exec(block)?.[1];
      const name = field(/^name = "([^"]+)"/m);
      const version = field(/^version = "([^"]+)"/m);
      const url = field(/\burl = "([^"]+\.whl)"/) ?? field(/\bpath = "([^"]+\.whl)"/);
      if (!name || !version || !url) return [];
      const sha256 = field(/\bsha256 = "([0-9a-f]{64})"/);
      const bytes = Number(field(/\bsize = (\d+)/)) || undefined;
      const file = url.split('/').at(-1) ?? url;
      return [{ name: normalized(name), version, file, ...(sha256 && { sha256 }), ...(bytes && { bytes }) }];
    });
}
