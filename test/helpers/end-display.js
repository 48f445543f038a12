export default function endDisplay() {
  globalThis.longhandDisplay?.kill();
}
