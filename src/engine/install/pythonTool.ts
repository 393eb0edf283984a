import type { Environment } from './cacheFolder.js';
import type { EngineWheel } from './engineWheel.js';
import {
  nvidiaRequirements,
  type PipReport,
  type ResolvedWheel,
  wheelsOfLock,
  wheelsOfReport,
} from './resolution.js';
import { runTool, type ToolResult } from './runTool.js';

/** A program of the user that can fetch wheels; its own settings (index, proxy, certificates) hold. */
export interface PythonTool {
  readonly kind: 'pip' | 'uv';
  /** Program and leading arguments, for example `python3 -m pip`. */
  readonly command: readonly string[];
  readonly version: string;
}

// The engine needs the C library alone, so the wheel of any one Python will do, whichever Python pip runs on.
const pythonVersion = '3.11';
const candidates: readonly Pick<PythonTool, 'kind' | 'command'>[] = [
  { kind: 'pip', command: ['python3', '-m', 'pip'] },
  { kind: 'pip', command: ['pip3'] },
  { kind: 'pip', command: ['pip'] },
  { kind: 'uv', command: ['uv'] },
];

/** The tools on this machine, in the order they are tried: pip as `python3 -m pip`, `pip3`, `pip`; then uv. */
export async function findPythonTools(environment: Environment, signal?: AbortSignal): Promise<PythonTool[]> {
  const tools: PythonTool[] = [];
  for (const { kind, command } of candidates) {
    if (tools.some((tool) => tool.kind === kind)) continue;
    const { code, stdout } = await runTool([...command, '--version'], { environment, signal });
    const version = /^(?:pip|uv) (\d+(?:\.\d+)+)/.exec(stdout)?.[1];
    if (code === 0 && version) tools.push({ kind, command, version });
  }
  return tools;
}

const pipTarget = ({ pipPlatforms }: EngineWheel): string[] => [
  '--no-deps',
  '--only-binary=:all:',
  `--python-version=${pythonVersion}`,
  ...pipPlatforms.map((platform) => `--platform=${platform}`),
];

const uvTarget = ({ uvPlatform }: EngineWheel): string[] => [
  '--only-binary=:all:',
  `--python-version=${pythonVersion}`,
  `--python-platform=${uvPlatform}`,
];

/** Arguments that ask a tool what it would fetch, without fetching it; the answer comes on standard output. */
function resolveArguments(kind: PythonTool['kind'], wheel: EngineWheel): string[] {
  // uv reads the requirement from standard input.
  if (kind === 'uv') return ['pip', 'compile', '-', '--quiet', '--format=pylock.toml', ...uvTarget(wheel)];
  // Old versions of pip want a target folder with --platform even for a dry run, which leaves it alone.
  const dryRun = [
    '--dry-run',
    '--ignore-installed',
    '--report=-',
    '--quiet',
    '--retries=2',
    '--target=unused',
  ];
  return ['install', ...dryRun, ...pipTarget(wheel)];
}

/** Arguments that fetch the requirements in a file into a folder: pip as wheels, uv (which can only install) unpacked. */
export function fetchArguments(
  kind: PythonTool['kind'],
  wheel: EngineWheel,
  { requirements, download }: { readonly requirements: string; readonly download: string },
): string[] {
  if (kind === 'pip') {
    const what = [...pipTarget(wheel), `--dest=${download}`, `--requirement=${requirements}`];
    return ['download', '--progress-bar=off', ...what];
  }
  const what = [...uvTarget(wheel), `--target=${download}`, `--requirement=${requirements}`];
  return ['pip', 'install', '--no-cache', '--no-deps', ...what];
}

/** One line of a requirements file; with a hash the tool refuses anything else. */
export const requirementLine = ({ name, version, sha256 }: ResolvedWheel): string =>
  `${name}==${version}${sha256 ? ` --hash=sha256:${sha256}` : ''}`;

/** Whether a tool refused an option it does not know yet. */
const isTooOld = (text: string): boolean => /no such option|unexpected argument|invalid value/i.test(text);

/** What went wrong with a tool, in words; the tool's own last line where it is nothing known. */
export function explainFailure({ kind, version }: PythonTool, { stdout, stderr }: ToolResult): string {
  const text = `${stdout}\n${stderr}`;
  const tool = `${kind} ${version}`;
  if (isTooOld(text)) return `${tool} is too old, pip 22.2 or uv 0.7 is needed`;
  const network =
    /connection (broken|refused|reset|error)|NewConnectionError|MaxRetryError|ProxyError|getaddrinfo|name resolution|name or service not known|dns error|error sending request|timed? ?out|SSLError|certificate/i;
  if (network.test(text)) return `${tool} can't reach the package index`;
  if (/no matching distribution|could not find a version|no solution found|no wheels?/i.test(text)) {
    return `${tool} finds no TensorFlow wheel for this machine on its package index`;
  }
  const last = stderr.split('\n').findLast((line) => /error/i.test(line)) ?? stderr.trim().split('\n').at(-1);
  return `${tool} failed: ${last?.trim() || 'without a message'}`;
}

/** What a resolution came to: the wheels, or why there are none. */
export type Resolution = { readonly wheels: readonly ResolvedWheel[] } | { readonly failure: string };

/** A tool that can't tell what it would fetch can still fetch one wheel; RECORD's hashes are checked all the same. */
function unresolved(tool: PythonTool, wheel: EngineWheel, result: ToolResult): Resolution {
  if (wheel.extra || !isTooOld(result.stderr)) return { failure: explainFailure(tool, result) };
  const [name = '', version = ''] = wheel.requirement.split('==');
  return { wheels: [{ name, version }] };
}

async function resolveByPip(
  tool: PythonTool,
  wheel: EngineWheel,
  options: ToolEnvironment,
): Promise<Resolution> {
  const ask = (requirements: readonly string[]) =>
    runTool([...tool.command, ...resolveArguments('pip', wheel), ...requirements], options);
  const result = await ask([wheel.requirement]);
  if (result.code !== 0) return unresolved(tool, wheel, result);
  const report = JSON.parse(result.stdout) as PipReport;
  if (!wheel.extra) return { wheels: wheelsOfReport(report) };
  const second = await ask(nvidiaRequirements(report, wheel.extra));
  if (second.code !== 0) return { failure: explainFailure(tool, second) };
  return { wheels: [...wheelsOfReport(report), ...wheelsOfReport(JSON.parse(second.stdout) as PipReport)] };
}

async function resolveByUv(
  tool: PythonTool,
  wheel: EngineWheel,
  options: ToolEnvironment,
): Promise<Resolution> {
  const input = wheel.extra ? wheel.requirement.replace('==', `[${wheel.extra}]==`) : wheel.requirement;
  const noDependencies = wheel.extra ? [] : ['--no-deps'];
  const command = [...tool.command, ...resolveArguments('uv', wheel), ...noDependencies];
  const result = await runTool(command, { ...options, input });
  if (result.code !== 0) return unresolved(tool, wheel, result);
  const wheels = wheelsOfLock(result.stdout);
  return { wheels: wheels.filter(({ name }) => /^(tensorflow(-cpu)?|nvidia-.+)$/.test(name)) };
}

/** The user's environment and the signal that ends a running tool. */
export interface ToolEnvironment {
  readonly environment: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the package index, through the user's tool, which wheels a device needs; downloads nothing that is kept. */
export async function resolveWheels(
  tool: PythonTool,
  wheel: EngineWheel,
  options: ToolEnvironment,
): Promise<Resolution> {
  const resolution = await (tool.kind === 'pip' ? resolveByPip : resolveByUv)(tool, wheel, options);
  if ('failure' in resolution || resolution.wheels.length > 0) return resolution;
  return { failure: `${tool.kind} ${tool.version} names no wheel for ${wheel.requirement}` };
}
