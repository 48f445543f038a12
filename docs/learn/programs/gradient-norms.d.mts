/** `norms[k]`: ‖∂L/∂h‖ k steps before the end, divided by ‖∂L/∂h‖ at the end. `share`: the mean of 1-h². */
export function gradientNorms(radius: number, T: number): { readonly norms: readonly number[]; readonly share: number };
