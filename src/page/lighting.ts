/** Pointing at an equation, its lines or its pictures lights all of them. */
const ATTRIBUTE = 'data-equation';

export function lightEquations(): void {
  const pointed = (event: Event): string[] => {
    const target = event.target instanceof Element ? event.target.closest(`[${ATTRIBUTE}]`) : null;
    return target?.getAttribute(ATTRIBUTE)?.split(' ') ?? [];
  };
  document.addEventListener('pointerover', (event) => light(pointed(event)));
  document.addEventListener('focusin', (event) => light(pointed(event)));
}

function light(equations: readonly string[]): void {
  for (const node of document.querySelectorAll(`[${ATTRIBUTE}]`)) {
    const own = node.getAttribute(ATTRIBUTE)?.split(' ') ?? [];
    node.classList.toggle(
      'lit',
      own.some((equation) => equations.includes(equation)),
    );
  }
}
