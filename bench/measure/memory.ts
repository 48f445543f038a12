import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has held at once, in MiB. On Linux a process takes over its parent's peak in what
 * getrusage tells (and Node with it); the kernel's own count of this program, VmHWM, begins anew.
 */
export function largestRssMiB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024; // libuv gives KiB everywhere
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}
