import { readFileSync } from 'node:fs';

/**
 * The most resident memory that this process has used, in MiB. On Linux, getrusage (and with it Node) begins with what the
 * parent process has used; VmHWM begins at zero.
 */
export function largestRssMiB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024; // KiB on every system
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}
