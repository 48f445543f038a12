/** In the HTML that the build writes, a sidebar's entry with none below it is the same on every page: it is rendered once. */
import { type ComponentInternalInstance, defineComponent } from 'vue';
import { ssrRenderComponent } from 'vue/server-renderer';

type Rendered = ReturnType<typeof ssrRenderComponent>;

interface Props {
  readonly item: { readonly items?: readonly unknown[] };
  readonly depth: number;
}

/** Its parent is VitePress's own component: see `sidebarLeaves`. */
interface Leaf extends ComponentInternalInstance {
  parent: ComponentInternalInstance;
}

const leaves = new Map<string, Rendered>();

function rendered(self: Leaf, attributes: object, props: Props): Rendered {
  const render = (): Rendered => ssrRenderComponent(self.parent.type, { ...props, ...attributes }, null, self);
  if (props.item.items) return render(); // it shows whether the page is below it
  const key = JSON.stringify([props, attributes]);
  const html = leaves.get(key) ?? render();
  leaves.set(key, html);
  return html;
}

export default defineComponent({
  props: { item: Object, depth: Number },
  ssrRender: (_: unknown, push: (html: Rendered) => void, self: Leaf, attributes: object, props: Props) =>
    push(rendered(self, attributes, props)),
});
