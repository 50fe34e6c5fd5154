"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (what, where = document) => where.querySelector(what);

  // Tables: sorted by a click or Enter on a heading.
  for (const table of all("table.sortable")) {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      one("button", head).addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending" && (head.getAttribute("aria-sort") || isNumeric(table, column));
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies].map((body) => [key(body, column), body]);
        rows.sort(([a], [b]) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b))));
        if (down) rows.reverse();
        rows.forEach(([, body]) => table.append(body));
      });
    });
  }
  function key(body, column) {
    const cell = body.rows[0].cells[column];
    return cell.dataset.value !== undefined ? Number(cell.dataset.value) : cell.textContent.trim().toLowerCase();
  }
  function isNumeric(table, column) {
    return table.tBodies.length > 0 && table.tBodies[0].rows[0].cells[column].dataset.value !== undefined;
  }

  // Functions: opened one by one, filtered by text and verdict.
  const functions = one("#functions");
  if (functions) {
    const bodies = [...functions.tBodies];
    const filter = one("#filter");
    for (const body of bodies) {
      body.rows[1].hidden = true;
      const button = one(".open", body);
      button.addEventListener("click", () => {
        body.rows[1].hidden = !body.rows[1].hidden;
        button.setAttribute("aria-expanded", String(!body.rows[1].hidden));
      });
      button.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        const shown = all(".open", functions).filter((each) => each.offsetParent !== null);
        const next = shown[shown.indexOf(button) + step];
        if (next) next.focus();
        event.preventDefault();
      });
    }
    const chips = all("button[data-verdict]");
    const apply = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const verdicts = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.verdict));
      let shown = 0;
      for (const body of bodies) {
        const text = body.dataset.name + " " + body.rows[0].textContent.toLowerCase();
        body.hidden = !(verdicts.has(body.dataset.verdict) && words.every((word) => text.includes(word)));
        if (!body.hidden) shown += 1;
      }
      one("#shown").textContent = `${shown} of ${bodies.length}`;
    };
    filter.addEventListener("input", apply);
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        apply();
      });
    }
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName);
      if (event.key === "/" && !typing) {
        filter.focus();
        event.preventDefault();
      } else if (event.key === "Escape" && document.activeElement === filter) {
        filter.value = "";
        apply();
      }
    });
  }

  // The flame graph.
  const source = one("#flames");
  if (!source) return;
  const graphs = JSON.parse(source.textContent);
  const canvas = one("#flame");
  const said = one("#flame-said");
  const hint = said.textContent;
  const HEIGHT = 19;
  let graph, root, zoomed, chosen, hovered, boxes = [], query = "";

  function link(raw, parent, depth) {
    const node = { name: graph.names[raw[0]], kind: graph.kinds[raw[0]], samples: raw[1], parent, depth };
    node.children = raw[2].map((child) => link(child, node, depth + 1));
    return node;
  }
  function show(name) {
    graph = graphs[name];
    root = zoomed = link(graph.tree, null, 0);
    chosen = hovered = null;
    all("[data-flame]").forEach((tab) => tab.setAttribute("aria-pressed", String(tab.dataset.flame === name)));
    search();
    draw();
  }
  function deepest(node) {
    return node.children.reduce((most, child) => Math.max(most, deepest(child)), node.depth);
  }
  function matches(node) {
    return query !== "" && node.name.toLowerCase().includes(query);
  }
  function search() {
    query = one("#flame-search").value.trim().toLowerCase();
    let found = 0;
    const walk = (node) => (matches(node) ? (found += node.samples) : node.children.forEach(walk));
    if (query) walk(root);
    one("#flame-found").textContent = query ? `${Math.round((100 * found) / root.samples)}% of the time` : "";
  }
  function draw() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const width = canvas.clientWidth || 600;
    const rows = Math.min(deepest(zoomed) + 1, 64);
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = rows * HEIGHT * scale;
    canvas.style.height = `${rows * HEIGHT}px`;
    const paint = canvas.getContext("2d");
    paint.scale(scale, scale);
    paint.font = "12px system-ui, sans-serif";
    paint.textBaseline = "middle";
    boxes = [];
    const place = (node, x, w) => {
      if (w < 0.6 || node.depth >= rows) return;
      boxes.push({ node, x, w, y: node.depth * HEIGHT });
      let at = x;
      for (const child of node.children) {
        const part = (child.samples / node.samples) * w;
        place(child, at, part);
        at += part;
      }
    };
    for (let node = zoomed.parent; node; node = node.parent) boxes.push({ node, x: 0, w: width, y: node.depth * HEIGHT });
    place(zoomed, 0, width);
    for (const { node, x, w, y } of boxes) {
      const above = node.depth < zoomed.depth;
      paint.globalAlpha = above ? 0.5 : query && !matches(node) ? 0.3 : 1;
      paint.fillStyle = colour(`--fl-${node.kind}`) || "#999";
      paint.fillRect(x + 0.5, y + 0.5, Math.max(w - 1, 0.5), HEIGHT - 1);
      if (node === chosen || node === hovered) {
        paint.globalAlpha = 1;
        paint.strokeStyle = colour("--ink");
        paint.lineWidth = 1.5;
        paint.strokeRect(x + 1, y + 1, Math.max(w - 2, 1), HEIGHT - 2);
      }
      if (w > 28) {
        paint.save();
        paint.beginPath();
        paint.rect(x + 4, y, w - 8, HEIGHT);
        paint.clip();
        paint.fillStyle = colour("--fl-ink");
        paint.fillText(node.name.replace(/ \([^)]*\)$/, node.kind === "user" ? "$&" : ""), x + 5, y + HEIGHT / 2 + 0.5);
        paint.restore();
      }
    }
    paint.globalAlpha = 1;
  }
  function tell(node) {
    const share = (100 * node.samples) / root.samples;
    const own = node.samples - node.children.reduce((sum, child) => sum + child.samples, 0);
    said.textContent = node ? `${node.name}: ${share.toFixed(1)}% of the time (${node.samples} samples), ${((100 * own) / root.samples).toFixed(1)}% by itself` : hint;
  }
  function zoom(node) {
    zoomed = chosen = node;
    tell(node);
    draw();
  }
  function under(event) {
    const place = canvas.getBoundingClientRect();
    const x = event.clientX - place.left, y = event.clientY - place.top;
    const box = boxes.find((each) => x >= each.x && x < each.x + each.w && y >= each.y && y < each.y + HEIGHT);
    return box ? box.node : null;
  }
  canvas.addEventListener("mousemove", (event) => {
    const node = under(event);
    if (node === hovered) return;
    hovered = node;
    if (node) tell(node);
    draw();
  });
  canvas.addEventListener("mouseleave", () => {
    hovered = null;
    draw();
  });
  canvas.addEventListener("click", (event) => {
    const node = under(event);
    if (node) zoom(node);
  });
  canvas.addEventListener("keydown", (event) => {
    const now = chosen || zoomed;
    const row = now.parent ? now.parent.children : [now];
    const next = {
      ArrowDown: () => now.children[0],
      ArrowUp: () => now.parent,
      ArrowRight: () => row[row.indexOf(now) + 1],
      ArrowLeft: () => row[row.indexOf(now) - 1],
    }[event.key];
    if (next) {
      chosen = next() || now;
      for (let node = zoomed; !within(chosen, node); ) zoomed = node = node.parent;
      tell(chosen);
      draw();
    } else if (event.key === "Enter") {
      zoom(now);
    } else if (event.key === "Escape") {
      zoom(root);
    } else {
      return;
    }
    event.preventDefault();
  });
  function within(node, around) {
    for (; node; node = node.parent) if (node === around) return true;
    return false;
  }
  one("#flame-search").addEventListener("input", () => {
    search();
    draw();
  });
  one("#flame-reset").addEventListener("click", () => {
    one("#flame-search").value = "";
    search();
    zoom(root);
    said.textContent = hint;
  });
  all("[data-flame]").forEach((tab) => tab.addEventListener("click", () => show(tab.dataset.flame)));
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  show(Object.keys(graphs)[0]);
})();
