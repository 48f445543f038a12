/** The components of the exercises' pages. Only these pages load them. */
import type { App } from 'vue';
import { defineAsyncComponent } from 'vue';

export function registerExercises(app: App): void {
  app.component(
    'ExerciseWorkbench',
    defineAsyncComponent(() => import('./workbench.js')),
  );
  app.component(
    'ExerciseList',
    defineAsyncComponent(async () => (await import('./lists.js')).ExerciseList),
  );
  app.component(
    'ExerciseNumbers',
    defineAsyncComponent(async () => (await import('./lists.js')).ExerciseNumbers),
  );
}
