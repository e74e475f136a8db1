// Elements that hear events, bear attributes and can be focused; selectors are answered from a table.
class Element {
  dataset = {}; attributes = {}; children = []; value = ""; hidden = false; inert = false; heard = {};
  constructor(facts = {}) { Object.assign(this, facts); }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  removeAttribute(name) { delete this.attributes[name]; }
  addEventListener(name, deed) { (this.heard[name] ??= []).push(deed); }
  fire(name, event = {}) { (this.heard[name] ?? []).splice(0).forEach((deed) => { this.heard[name].push(deed); deed(event); }); }
  dispatchEvent(event) { this.fire(event.type, event); }
  querySelector(name) { return this.parts?.[name] ?? null; }
  querySelectorAll(name) { return this.lists?.[name] ?? []; }
  replaceChildren(...nodes) { this.children = nodes; }
  append(...nodes) { this.children.push(...nodes); }
  closest(name) { return this.matching?.includes(name) ? this : null; }
  matches() { return Boolean(this.types); }
  contains(other) { return other === this; }
  scrollIntoView() {}
  click() { this.clicked = true; }
  focus() { document.activeElement = this; }
}
class Classes {
  names = new Set();
  contains(name) { return this.names.has(name); }
  add(name) { this.names.add(name); }
  remove(name) { this.names.delete(name); }
  toggle(name) { if (!this.names.delete(name)) this.names.add(name); }
}
const page = {}, all = {}, heard = {};
const media = new Element({ matches: false });
globalThis.window = { addEventListener(name, deed) { heard[name] = deed; }, matchMedia: () => media, location: { assign: (to) => console.log("go", to) }, open: (to) => console.log("open", to) };
globalThis.localStorage = { kept: {}, getItem(name) { return this.kept[name] ?? null; }, setItem(name, value) { this.kept[name] = value; } };
globalThis.document = new Element({
  documentElement: { classList: new Classes() },
  querySelector: (name) => page[name] ?? null, querySelectorAll: (name) => all[name] ?? [],
  getElementById: (name) => page[`#${name}`] ?? null, createElement: () => new Element(),
});
globalThis.Event = class { constructor(type) { this.type = type; } };
const press = (key, more = {}) => {
  const event = { key, target: new Element(), prevented: false, preventDefault() { this.prevented = true; }, ...more };
  document.fire("keydown", event);
  return event.prevented;
};
