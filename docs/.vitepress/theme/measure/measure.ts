/** /measure: the visitor's own device, measured in workers. Nothing leaves the browser by itself. */
import { useData, useRouter, withBase } from 'vitepress';
import { defineComponent, h, onMounted, onUnmounted, ref, shallowRef } from 'vue';
import type { News, Order } from '../../../../bench/browser/page/laboratory.js';
import type { MeasuredTask, Result } from '../../../../bench/measure/result.js';
import { pageStays } from './isolation.js';
import { fragmentOf, issueAddress, resultOf } from './link.js';
import css from './measure.css?inline';
import { resultsView } from './views.js';
import { titleOf } from './words.js';

const SECONDS = 60;
/** `?seconds=300` gives slow devices more time. */
const secondsAsked = (): number => {
  const asked = Number(new URLSearchParams(location.search).get('seconds'));
  return asked >= 5 && asked <= 600 ? asked : SECONDS;
};

export default defineComponent(() => {
  leaveIsolation();
  const measurement = useMeasurement();
  const link = useLink();
  const { theme } = useData<{ newIssue: string }>();
  return () => {
    const { result, isReady, isRunning, seconds, notes, start, stop } = measurement;
    return h('section', { class: 'measure', 'aria-label': 'The measurement' }, [
      h('style', css),
      h('div', { class: 'bar' }, [
        isRunning.value
          ? h('button', { class: 'run', type: 'button', onClick: () => stop('You stopped it.') }, 'Stop')
          : h(
              'button',
              { class: 'run', type: 'button', disabled: !isReady.value, onClick: start },
              'Measure this device',
            ),
        h('span', { role: 'status' }, measurement.status.value),
      ]),
      isRunning.value
        ? h('progress', { max: seconds.value, value: measurement.passed.value, 'aria-label': 'Time' })
        : undefined,
      link.fault.value === '' ? undefined : h('p', { class: 'fault', role: 'alert' }, link.fault.value),
      resultsView(result.value, link.theirs.value, notes.value),
      result.value && !isRunning.value ? h(Keep, { result: result.value, newIssue: theme.value.newIssue }) : undefined,
    ]);
  };
});

/** In an isolated page, workers of other pages would not start: so a link out of it loads the other page anew. */
function leaveIsolation(): void {
  const router = useRouter();
  onMounted(() => {
    if (!crossOriginIsolated) return;
    router.onBeforeRouteChange = (to) => {
      if (new URL(to, location.href).pathname === location.pathname) return true;
      location.assign(to);
      return false;
    };
  });
}

/** What the address has: another visitor's result. */
function useLink() {
  const [theirs, fault] = [shallowRef<Result>(), ref('')];
  const open = (): void => {
    resultOf(location.hash).then(
      (result) => {
        theirs.value = result;
        fault.value = '';
      },
      (error: unknown) => {
        theirs.value = undefined;
        fault.value = `The link’s result cannot be shown: ${error instanceof Error ? error.message : String(error)}.`;
      },
    );
  };
  onMounted(() => {
    open();
    addEventListener('hashchange', open);
  });
  onUnmounted(() => removeEventListener('hashchange', open));
  return { theirs, fault };
}

function useMeasurement() {
  const [result, isReady, isRunning] = [shallowRef<Result>(), ref(false), ref(false)];
  const [status, passed] = [ref(''), ref(0)];
  const [seconds, notes] = [ref(SECONDS), ref<readonly string[]>([])];
  let worker: Worker | undefined;
  let began = 0;
  let clock: ReturnType<typeof setInterval> | undefined;

  const stop = (why: string): void => {
    worker?.terminate(); // and with it the workers that it has started
    clearInterval(clock);
    worker = undefined;
    isRunning.value = false;
    status.value = why;
  };
  const tick = (): void => {
    passed.value = (performance.now() - began) / 1000;
    if (passed.value >= seconds.value)
      stop(`Stopped after ${seconds.value} s; what was measured by then stands below.`);
  };
  const hear = (news: News): void => {
    if ('begins' in news) status.value = `${wordsOf(news.begins)} …`;
    if ('fault' in news) notes.value = [...notes.value, news.fault];
    if ('leftOut' in news) notes.value = [...notes.value, `${titleOf(news.leftOut)}: left out, ${news.reason}`];
    if ('failure' in news) stop(`The measurement failed: ${news.failure}`);
    if ('isOver' in news) stop(`Done in ${((performance.now() - began) / 1000).toFixed(0)} s.`);
    result.value = withNews(result.value, news, seconds.value);
  };
  const start = (): void => {
    [result.value, notes.value, isRunning.value, passed.value] = [undefined, [], true, 0];
    [seconds.value, began] = [secondsAsked(), performance.now()];
    clock = setInterval(tick, 250);
    worker = new Worker(withBase('/measure/files/laboratory.js'), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<News>) => hear(data);
    worker.onerror = (event) => stop(`The measurement failed: ${event.message || 'its Web Worker does not start'}`);
    worker.postMessage({ seconds: seconds.value } satisfies Order);
  };
  onMounted(async () => {
    await pageStays;
    isReady.value = true;
  });
  onUnmounted(() => stop(''));
  return { result, isReady, isRunning, status, passed, seconds, notes, start, stop };
}

const wordsOf = (begins: 'device' | 'limits' | MeasuredTask): string =>
  begins === 'device' ? 'The device' : begins === 'limits' ? 'Its limits' : titleOf(begins);

function withNews(result: Result | undefined, news: News, seconds: number): Result | undefined {
  if ('device' in news) {
    const { device, revision } = news;
    const date = new Date().toISOString().slice(0, 10);
    return { format: 'longhand-measure-1', date, revision, seconds, device, limits: [], cases: [] };
  }
  if (!result) return undefined;
  if ('limit' in news) return { ...result, limits: [...result.limits, news.limit] };
  return 'measured' in news ? { ...result, cases: [...result.cases, news.measured] } : result;
}

/** The file, the link, and where to send them. */
const Keep = defineComponent(
  ({ result, newIssue }: { result: Result; newIssue: string }) => {
    const [fragment, isCopied] = [ref<string>(), ref(false)];
    const json = URL.createObjectURL(new Blob([`${JSON.stringify(result)}\n`], { type: 'application/json' }));
    onMounted(() => {
      fragmentOf(result).then(
        (made) => (fragment.value = made),
        () => undefined, // this browser cannot compress: there is only the file
      );
    });
    onUnmounted(() => URL.revokeObjectURL(json));
    const address = (): string => location.href.replace(/[?#].*/, '') + (fragment.value ?? '');
    const copy = (): void => {
      navigator.clipboard.writeText(address()).then(
        () => (isCopied.value = true),
        () => undefined, // the browser forbids it: the link beside the button has the address
      );
    };
    return () => {
      const download = h('a', { href: json, download: `longhand-measure-${result.date}.json` }, 'Download as JSON');
      if (fragment.value === undefined) return h('p', { class: 'keep' }, [download]);
      const issue = issueAddress(newIssue, result, address());
      return h('p', { class: 'keep' }, [
        download,
        h('a', { href: fragment.value, class: 'link-to-result' }, 'Link to this result'),
        h('button', { type: 'button', onClick: copy }, isCopied.value ? 'Copied' : 'Copy the link'),
        issue === undefined
          ? undefined
          : h('a', { href: issue, target: '_blank', rel: 'noreferrer' }, 'Send it as an issue'),
      ]);
    };
  },
  { props: ['result', 'newIssue'] },
);
