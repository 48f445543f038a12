/** What a WebGPU adapter is: its name, and whether it computes on the CPU. A page asks this before it loads the backend. */

/** Adapters that compute on the CPU: Mesa's llvmpipe, Chromium's SwiftShader, Windows' WARP. */
export function isSoftware({ isFallbackAdapter, description, device, architecture }: GPUAdapterInfo): boolean {
  const names = `${description} ${device} ${architecture}`;
  return isFallbackAdapter || /llvmpipe|swiftshader|basic render|\bsoftware\b/i.test(names);
}

/** Browsers hide parts of the name, or all of it. */
export const adapterName = ({ description, vendor, architecture }: GPUAdapterInfo): string =>
  description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
