/** A pad to draw a digit on, and the drawing as MNIST would have it. */
const PEN_WIDTH = 22;
const STEP = 10;
/** MNIST fits a digit into a square of this side… */
const BOX = 20;
/** …and puts its centre of mass into the middle of one of this. */
const SIDE = 28;

export class Pad {
  private readonly context: CanvasRenderingContext2D | null;
  private pen: { x: number; y: number };
  private isDown = false;

  /** `drawn` is called after every stroke's every part. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly cursor: HTMLElement,
    private readonly status: HTMLElement,
    private readonly drawn: () => void,
  ) {
    this.context = canvas.getContext('2d', { willReadFrequently: true });
    this.pen = { x: canvas.width / 2, y: canvas.height / 2 };
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.pen = this.placeOf(event);
      this.isDown = true;
      this.lineTo(this.pen);
      event.preventDefault();
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.isDown && canvas.hasPointerCapture(event.pointerId)) this.lineTo(this.placeOf(event));
    });
    const up = (): void => void (this.isDown = false);
    canvas.addEventListener('pointerup', up);
    canvas.addEventListener('pointercancel', up);
    canvas.addEventListener('keydown', (event) => this.key(event));
    canvas.addEventListener('focus', () => this.showPen());
  }

  clear(): void {
    this.context?.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.drawn();
  }

  /** `[28,28]`, 0 … 255; all 0 where nothing has been drawn. */
  pixels(): Uint8Array {
    const { width, height } = this.canvas;
    const alpha = this.context?.getImageData(0, 0, width, height).data.filter((_, n) => n % 4 === 3);
    const box = alpha && extentOf(alpha, width);
    if (!box) return new Uint8Array(SIDE * SIDE);
    const factor = BOX / Math.max(box.width, box.height);
    const small = document.createElement('canvas');
    small.width = SIDE;
    small.height = SIDE;
    const context = small.getContext('2d', { willReadFrequently: true });
    if (!context) return new Uint8Array(SIDE * SIDE);
    context.imageSmoothingQuality = 'high';
    const [left, top] = [SIDE / 2 - box.centreX * factor, SIDE / 2 - box.centreY * factor];
    context.drawImage(this.canvas, left, top, width * factor, height * factor);
    return Uint8Array.from(context.getImageData(0, 0, SIDE, SIDE).data.filter((_, n) => n % 4 === 3));
  }

  private key(event: KeyboardEvent): void {
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (event.key === ' ') {
      this.isDown = !this.isDown;
      if (this.isDown) this.lineTo(this.pen);
    } else if (x !== 0 || y !== 0) {
      const within = (at: number, side: number): number => Math.max(0, Math.min(side, at));
      const place = {
        x: within(this.pen.x + STEP * x, this.canvas.width),
        y: within(this.pen.y + STEP * y, this.canvas.height),
      };
      if (this.isDown) this.lineTo(place);
      else this.pen = place;
    } else return;
    this.showPen();
    event.preventDefault();
  }

  /** For those who draw with the keyboard: where the pen is, and whether it is down. */
  private showPen(): void {
    this.cursor.style.left = `${(100 * this.pen.x) / this.canvas.width}%`;
    this.cursor.style.top = `${(100 * this.pen.y) / this.canvas.height}%`;
    this.cursor.classList.toggle('down', this.isDown);
    this.status.textContent = this.isDown ? 'pen down' : 'pen up';
  }

  private placeOf({ clientX, clientY }: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return {
      x: ((clientX - left) / width) * this.canvas.width,
      y: ((clientY - top) / height) * this.canvas.height,
    };
  }

  private lineTo(place: { x: number; y: number }): void {
    const { context, pen } = this;
    if (context) {
      context.lineWidth = PEN_WIDTH;
      context.lineCap = 'round';
      context.strokeStyle = getComputedStyle(this.canvas).color;
      context.beginPath();
      context.moveTo(pen.x, pen.y);
      context.lineTo(place.x, place.y);
      context.stroke();
    }
    this.pen = place;
    this.drawn();
  }
}

/** Where the ink is, and its centre of mass. */
function extentOf(alpha: Uint8ClampedArray, width: number) {
  let [left, right, top, bottom, mass, massX, massY] = [Infinity, -1, Infinity, -1, 0, 0, 0];
  alpha.forEach((value, n) => {
    if (value === 0) return;
    const [x, y] = [n % width, Math.floor(n / width)];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
    mass += value;
    massX += value * x;
    massY += value * y;
  });
  if (mass === 0) return null;
  return { width: right - left + 1, height: bottom - top + 1, centreX: massX / mass, centreY: massY / mass };
}
