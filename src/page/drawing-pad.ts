/** A canvas to draw a digit on, with mouse, pen, finger or keyboard. */
import { fitted, SIDE } from '../data/fit-drawing.js';

const PEN_WIDTH = 22;
/** How far an arrow key moves the pen. */
const KEY_STEP = 10;

export class DrawingPad {
  private readonly context: CanvasRenderingContext2D | null;
  private pen: { x: number; y: number };
  private isDown = false;

  /** Calls `onStroke` after each stroke segment. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly cursor: HTMLElement,
    private readonly status: HTMLElement,
    private readonly onStroke: () => void,
  ) {
    this.context = canvas.getContext('2d', { willReadFrequently: true });
    this.pen = { x: canvas.width / 2, y: canvas.height / 2 };
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return; // the right button opens the browser's menu
      canvas.setPointerCapture(event.pointerId);
      this.pen = this.positionOf(event);
      this.isDown = true;
      this.lineTo(this.pen);
      event.preventDefault();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.isDown && canvas.hasPointerCapture(event.pointerId)) this.lineTo(this.positionOf(event));
    });
    const up = (): void => void (this.isDown = false);
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', up);
    canvas.addEventListener('keydown', (event) => this.moveByKey(event));
    canvas.addEventListener('focus', () => this.showPen());
  }

  clear(): void {
    this.context?.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.onStroke();
  }

  /** The drawing in MNIST's form: `[28,28]`, 0 … 255; all 0 if nothing has been drawn. */
  pixels(): Uint8Array {
    const { width, height } = this.canvas;
    const image = this.context?.getImageData(0, 0, width, height);
    if (!image) return new Uint8Array(SIDE * SIDE);
    return fitted(
      image.data.filter((_, n) => n % 4 === 3), // alpha: the ink
      width,
    );
  }

  private moveByKey(event: KeyboardEvent): void {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (event.key === ' ') {
      this.isDown = !this.isDown;
      if (this.isDown) this.lineTo(this.pen);
    } else if (x !== 0 || y !== 0) {
      const within = (at: number, side: number): number => Math.max(0, Math.min(side, at));
      const target = {
        x: within(this.pen.x + KEY_STEP * x, this.canvas.width),
        y: within(this.pen.y + KEY_STEP * y, this.canvas.height),
      };
      if (this.isDown) this.lineTo(target);
      else this.pen = target;
    } else return;
    this.showPen();
    event.preventDefault();
  }

  /** Shows a visitor who draws with the keyboard where the pen is, and whether it is down. */
  private showPen(): void {
    this.cursor.style.left = `${(100 * this.pen.x) / this.canvas.width}%`;
    this.cursor.style.top = `${(100 * this.pen.y) / this.canvas.height}%`;
    this.cursor.classList.toggle('down', this.isDown);
    this.status.textContent = this.isDown ? 'pen down' : 'pen up';
  }

  private positionOf({ clientX, clientY }: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return {
      x: ((clientX - left) / width) * this.canvas.width,
      y: ((clientY - top) / height) * this.canvas.height,
    };
  }

  private lineTo(end: { x: number; y: number }): void {
    const { context, pen } = this;
    if (context) {
      context.lineWidth = PEN_WIDTH;
      context.lineCap = 'round';
      context.strokeStyle = getComputedStyle(this.canvas).color;
      context.beginPath();
      context.moveTo(pen.x, pen.y);
      context.lineTo(end.x, end.y);
      context.stroke();
    }
    this.pen = end;
    this.onStroke();
  }
}
