/* A condition as rows: field ▸ operator ▸ value, all or any, groups nested once.
   The text area keeps the JSON and is what is sent; what rows can't show is kept as it is. */
"use strict";

(() => {
  const LISTS = ["in", "not_in"];
  const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

  const WORDS = {
    event: { list: "lc-fields", example: "field, such as data.amount", always: "Applies always: to every event of the type.", begin: "Applies when " },
    reward: { list: "lc-fields", example: "field, such as member.tier", always: "Everybody may have it.", begin: "Members may have it when " },
    purchase: { list: "lc-fields", example: "field, such as data.amount", always: "Every purchase stamps the card.", begin: "A purchase stamps the card when " },
    mission: { list: "lc-fields", example: "field, such as data.amount", always: "Every event of the type counts.", begin: "An event counts when " },
    item: { list: "lc-item-fields", example: "field, such as item.sku", always: "Every line counts.", begin: "A line counts when " },
  };

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name in node && name !== "list") node[name] = value;
      else node.setAttribute(name, value);
    });
    node.append(...children);
    return node;
  };

  const kindOf = (field) => {
    if (field === "event.occurred_at.weekday") return "weekday";
    if (field === "event.occurred_at.hour") return "hour";
    if (field === "event.occurred_at.date") return "date";
    if (field === "event.type" || field === "member.tier") return "text";
    if (field === "member.age_days" || field.startsWith("member.event_count.")) return "count";
    return "any";
  };

  class Editor {
    constructor(root) {
      this.root = root;
      this.area = root.querySelector("textarea");
      this.rows = root.querySelector("[data-rows]");
      this.words = WORDS[root.dataset.scope] || WORDS.event;
      this.grammar = JSON.parse(root.querySelector("[data-grammar]").content.textContent);
      root.querySelector("[data-raw]").open = false;
      this.area.addEventListener("change", () => this.load());
      this.load();
      this.isDrawn = true;
    }

    load() {
      let tree;
      try {
        tree = JSON.parse(this.area.value || "{}") || {};
      } catch {
        this.rows.replaceChildren(make("p", { className: "lc-error-line" }, "The JSON below is not valid; correct it to see rows."));
        this.root.querySelector("[data-raw]").open = true;
        return;
      }
      const isGroup = Array.isArray(tree.all) || Array.isArray(tree.any);
      this.tree = isGroup ? tree : { all: Object.keys(tree).length ? [tree] : [] };
      this.draw();
    }

    /** Write the rows into the text area; an empty group means: always. */
    save() {
      const clean = (node) => {
        const key = Array.isArray(node.all) ? "all" : Array.isArray(node.any) ? "any" : null;
        const isEmpty = [node.value].flat().every((value) => value === "");
        if (!key) return node.field === "" && isEmpty ? null : node; // a row not yet begun
        const children = node[key].map(clean).filter((child) => child !== null);
        return children.length ? { [key]: children } : null;
      };
      this.area.value = JSON.stringify(clean(this.tree) || {}, null, 2);
      this.area.dispatchEvent(new Event("input", { bubbles: true }));
    }

    draw(focus) {
      this.rows.replaceChildren(this.group(this.tree, 0));
      if (this.isDrawn) this.save(); // showing what is stored changes nothing
      const target = focus && this.rows.querySelector(`[data-key="${focus}"]`);
      if (target) target.focus();
    }

    group(node, depth, remove) {
      const key = Array.isArray(node.any) ? "any" : "all";
      const children = node[key];
      const swap = (event) => {
        delete node[key];
        node[event.target.value] = children;
        this.draw();
      };
      const choice = make("select", { className: "lc-select", onchange: swap, "aria-label": "All or any" },
        make("option", { value: "all", selected: key === "all" }, "all"),
        make("option", { value: "any", selected: key === "any" }, "any"));
      const head = make("div", { className: "lc-group-head" }, depth ? "" : this.words.begin, choice, " of these hold");
      if (!children.length && !depth) head.replaceChildren(this.words.always);
      if (remove) head.append(this.button("Remove group", remove, "lc-small"));
      const box = make("div", { className: depth ? "lc-group lc-nested" : "lc-group" }, head);
      children.forEach((child, index) => {
        const drop = () => { children.splice(index, 1); this.draw(); };
        const isGroup = Array.isArray(child.all) || Array.isArray(child.any);
        if (isGroup && depth === 0) box.append(this.group(child, 1, drop));
        else if (typeof child.field === "string") box.append(this.leaf(child, `${depth}-${index}`, drop));
        else box.append(this.advanced(child, drop));
      });
      const add = (item) => () => { children.push(item); this.draw(`${depth}-${children.length - 1}`); };
      const buttons = make("div", { className: "lc-buttons" },
        this.button("+ Condition", () => add({ field: "", op: "eq", value: "" })()));
      if (!depth) buttons.append(this.button("+ Group", () => add({ any: [{ field: "", op: "eq", value: "" }] })()));
      box.append(buttons);
      return box;
    }

    button(label, onclick, extra = "") {
      return make("button", { type: "button", className: `lc-button ${extra}`, onclick }, label);
    }

    advanced(node, drop) {
      return make("div", { className: "lc-row" },
        make("code", { className: "lc-advanced" }, JSON.stringify(node)),
        make("small", {}, "edit as JSON below"), this.remove(drop));
    }

    remove(drop) {
      return make("button", { type: "button", className: "lc-button lc-small", title: "Remove", "aria-label": "Remove this condition", onclick: drop }, "✕");
    }

    leaf(node, key, drop) {
      const field = make("input", { className: "lc-input", list: this.words.list, placeholder: this.words.example, value: node.field, "data-key": key, "aria-label": "Field", autocomplete: "off" });
      const rest = make("span", { className: "lc-rest" });
      const redraw = () => rest.replaceChildren(...this.comparison(node));
      const looks = () => kindOf(node.field) + node.field.startsWith("data.items[].");
      field.addEventListener("input", () => {
        const before = looks();
        node.field = field.value.trim();
        // Only when needed: drawing anew while Tab leaves the field would lose the focus.
        if (looks() !== before) redraw();
        this.save();
      });
      redraw();
      return make("div", { className: "lc-row" }, field, rest, this.remove(drop));
    }

    comparison(node) {
      const kind = kindOf(node.field);
      const ops = this.grammar.kinds[kind];
      if (!ops.includes(node.op)) { node.op = ops[0]; node.value = ""; }
      const values = make("span", { className: "lc-rest" });
      const refill = (focusLast) => {
        values.replaceChildren(...this.values(node, kind, refill));
        const inputs = values.querySelectorAll("input, select");
        if (focusLast === true && inputs.length) inputs[inputs.length - 1].focus();
      };
      const choose = (event) => {
        node.op = event.target.value;
        node.value = this.converted(node);
        refill();
        this.save();
      };
      const op = make("select", { className: "lc-select", "aria-label": "Comparison", onchange: choose },
        ...ops.map((name) => make("option", { value: name, selected: name === node.op }, this.grammar.ops[name])));
      refill();
      const parts = [op, values];
      if (node.field.startsWith("data.items[].")) parts.unshift(this.match(node));
      else delete node.match;
      return parts;
    }

    match(node) {
      node.match = node.match || "any";
      const choose = (event) => { node.match = event.target.value; this.save(); };
      return make("select", { className: "lc-select", "aria-label": "Of which items", onchange: choose },
        make("option", { value: "any", selected: node.match === "any" }, "of any item"),
        make("option", { value: "all", selected: node.match === "all" }, "of all items"));
    }

    /** The value in the shape that the new operator takes. */
    converted(node) {
      const first = Array.isArray(node.value) ? node.value[0] ?? "" : node.value;
      if (node.op === "exists") return true;
      if (node.op === "between") return [typeof first === "boolean" ? "" : first, ""];
      if (LISTS.includes(node.op)) return [typeof first === "boolean" ? "" : first];
      return typeof node.value === "boolean" ? "" : first;
    }

    values(node, kind, refill) {
      if (node.op === "exists") {
        const choose = (event) => { node.value = event.target.value === "yes"; this.save(); };
        return [make("select", { className: "lc-select", "aria-label": "Value", onchange: choose },
          make("option", { value: "yes", selected: node.value !== false }, "yes"),
          make("option", { value: "no", selected: node.value === false }, "no"))];
      }
      if (!LISTS.includes(node.op) && node.op !== "between") {
        return [this.input(kind, node.value, (value) => { node.value = value; })];
      }
      if (!Array.isArray(node.value)) node.value = this.converted(node);
      const inputs = node.value.map((value, index) => this.input(kind, value, (changed) => { node.value[index] = changed; }));
      if (node.op === "between") return [inputs[0], "and", inputs[1]];
      const more = this.button("+", () => { node.value.push(""); refill(true); this.save(); }, "lc-small");
      more.setAttribute("aria-label", "Another value");
      const less = this.button("−", () => { node.value.pop(); refill(true); this.save(); }, "lc-small");
      less.setAttribute("aria-label", "Drop the last value");
      return node.value.length > 1 ? [...inputs, more, less] : [...inputs, more];
    }

    input(kind, value, set) {
      if (kind === "weekday") {
        const current = typeof value === "number" ? WEEKDAYS[value - 1] : value || "monday";
        set(current);
        return make("select", { className: "lc-select", "aria-label": "Value", onchange: (event) => { set(event.target.value); this.save(); } },
          ...WEEKDAYS.map((day) => make("option", { value: day, selected: day === current }, day[0].toUpperCase() + day.slice(1))));
      }
      const text = value === undefined || value === null ? "" : String(value);
      const type = { date: "date", hour: "number", count: "number" }[kind] || "text";
      const read = (typed) => {
        if (typed === text && typeof value !== "string") return value; // a number stays a number unless it is changed
        if (kind === "any" && (typed === "true" || typed === "false")) return typed === "true";
        return type === "number" && typed !== "" ? Number(typed) : typed;
      };
      return make("input", { className: "lc-input lc-value", type, value: text, placeholder: "value", "aria-label": "Value",
        oninput: (event) => { set(read(event.target.value)); this.save(); } });
    }
  }

  const furnish = (part) => part.querySelectorAll("[data-condition]").forEach((root) => new Editor(root));
  const start = () => furnish(document);
  document.addEventListener("lc:added", (event) => furnish(event.target)); // a row that was added

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
