// The status page: one document from /page/status, one stream from /page/events, and the DOM. No framework, no markup
// from data: all text goes in as text, so that a hostile host name is only an odd word.
"use strict";

const $ = (id) => document.getElementById(id);
const shownEvents = 60;
let status = null;
let newest = 0;
let refreshTimer = 0;
let serverAhead = 0;

/** Makes an element: `make("p", "note", "text", child …)`. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

function replace(id, children) { $(id).replaceChildren(...children); }

/** Text with `names` in backquotes set as code. */
function rich(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", "", part) : part)).filter((part) => part !== "");
}

function now() { return Date.now() / 1000 + serverAhead; }
function iso(seconds) { return new Date(seconds * 1000).toISOString().replace(".000Z", "Z"); }

function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

/** A time that `tick` keeps fresh: "12 s ago", with the moment itself as its title. */
function ago(seconds, prefix, suffix) {
  const element = make("time", "", "");
  element.dateTime = iso(seconds);
  element.title = iso(seconds);
  Object.assign(element.dataset, { at: seconds, prefix, suffix });
  showAge(element);
  return element;
}

function showAge(element) {
  element.textContent = `${element.dataset.prefix}${span(now() - Number(element.dataset.at))}${element.dataset.suffix}`;
}

function tick() { for (const element of document.querySelectorAll("time[data-at]")) showAge(element); }

function plural(count, one, many) { return `${count} ${count === 1 ? one : many}`; }

// --- The parts of the page -------------------------------------------------------------------------------------

function showHeader(s) {
  document.title = `${s.region} · Muster`;
  $("region").textContent = s.region;
  const tone = s.stage === "serving" ? "good" : "warn";
  $("stage").className = `pill ${tone}`;
  $("stage").textContent = s.stage;
  const plane = s.controlPlane;
  const facts = [
    ["Owner", s.owner === "control-plane" ? "control plane" : "operator's machine"],
    ["Epoch", String(s.epoch)],
    ["Generation", String(s.generation)],
    ["Home", plane.home || "unknown"],
    ["Version", plane.version],
    ["Up", ago(s.takenAt - plane.uptimeSeconds, "", "")],
    ["Sealed copy", s.sealedCopy.madeAt ? ago(s.sealedCopy.madeAt, "", " old") : "none yet"],
  ];
  replace("facts", facts.map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))));
}

function tile(label, value, of, hint, tone) {
  const number = make("p", "value", value, of === null ? null : make("small", "", ` / ${of}`));
  return make("div", `panel tile ${tone}`, make("p", "label", label), number, make("p", "hint", hint));
}

function showTiles(s) {
  const up = s.hosts.filter((host) => host.isReachable).length;
  const lost = s.hosts.length - up;
  const managers = s.clusters.reduce((sum, cluster) => sum + cluster.managers, 0);
  const reach = s.clusters.reduce((sum, cluster) => sum + cluster.managersReachable, 0);
  const quorate = s.clusters.filter((cluster) => cluster.hasQuorum).length;
  const observed = s.controlPlane.observedAt;
  replace("tiles", [
    tile("Hosts that answer", String(up), s.hosts.length, lost ? `${plural(lost, "host does", "hosts do")} not answer` : "all of them", lost ? "bad" : ""),
    tile("Managers in touch", String(reach), managers, managers ? "of the Swarms' managers" : "no manager answers", reach < managers || !managers ? "bad" : ""),
    tile("Clusters with quorum", String(quorate), s.clusters.length, quorate === s.clusters.length ? "all can change" : "not all can change", quorate < s.clusters.length ? "bad" : ""),
    tile("Drift", String(s.drift.length), null, s.drift.length ? "differs from the target" : "all as the target wants it", s.drift.length ? "warn" : ""),
    tile("Last look", observed ? ago(observed, "", " ago") : "none", null, `every ${span(s.controlPlane.observeIntervalSeconds)}`, ""),
  ]);
}

function clusterWords(c) {
  if (!c.managers) return "No manager that answers can say how this Swarm is.";
  const spare = c.managersReachable - c.quorumNeeds;
  const rest = !c.hasQuorum ? "it changes nothing until a manager is back"
    : spare > 0 ? `it may lose ${plural(spare, "manager", "managers")}` : "it may lose none";
  return `${c.managersReachable} of ${c.managers} managers in touch, a majority is ${c.quorumNeeds}: ${rest}.`;
}

function seat(node) {
  const tone = node.reachability === "reachable" && node.state === "ready" ? "good" : "bad";
  const name = node.host || node.hostname;
  return make("span", "seat", make("i", `dot ${tone}`), name,
    make("span", "hidden", tone === "good" ? " in touch" : " out of touch"), node.isLeader ? make("span", "leader", "leader") : null);
}

function showClusters(s) {
  replace("clusters", s.clusters.map((c) => {
    const workers = c.nodes.filter((node) => node.role === "worker");
    const down = workers.filter((node) => node.state !== "ready").length;
    const head = make("header", "", make("h3", "", c.name), c.isControl ? make("span", "pill accent", "control") : null,
      make("span", `pill ${c.hasQuorum ? "good" : "bad"}`, c.hasQuorum ? "quorum" : c.managers ? "no quorum" : "unknown"));
    const seats = make("div", "seats", ...c.nodes.filter((node) => node.role === "manager").map(seat));
    const words = `${plural(workers.length, "worker", "workers")}${down ? `, ${down} not ready` : workers.length ? ", all ready" : ""}.`;
    return make("article", "panel cluster", head, seats, make("p", "", clusterWords(c)), make("p", "", words));
  }));
}

function memory(host) {
  if (!host.memoryMiB) return [make("span", "sub words", "unknown")];
  const used = Math.min(1, Math.max(0, 1 - (host.memoryAvailableMiB || 0) / host.memoryMiB));
  const fill = make("i", "");
  fill.style.width = `${Math.round(used * 100)}%`;
  const bar = make("div", `bar ${used > .92 ? "bad" : used > .8 ? "warn" : ""}`, fill);
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", `${Math.round(used * 100)} % of memory in use`);
  const total = host.memoryMiB >= 1024 ? `${(host.memoryMiB / 1024).toFixed(host.memoryMiB < 10240 ? 1 : 0)} GiB` : `${host.memoryMiB} MiB`;
  return [bar, make("span", "sub words", `${total} · ${(host.cpuMillicores || 0) / 1000} cpu`)];
}

function reach(host) {
  const dot = make("i", `dot ${host.isReachable ? "good" : "bad"}`);
  const words = host.isReachable ? "answers" : "does not answer";
  const why = host.unreachable ? make("span", "sub words", ...rich(host.unreachable.message)) : null;
  return make("div", "reach", dot, make("div", "", words, make("span", "sub words", ago(host.since, "for ", "")), why));
}

function cell(label, ...children) {
  const element = make("td", "", ...children);
  element.dataset.label = label;
  return element;
}

function hostRow(host) {
  const tags = make("div", "tags", make("span", `pill ${host.role === "manager" ? "accent" : ""}`, host.role),
    host.isLeader ? make("span", "pill accent", "leader") : null,
    host.life === "ready" ? null : make("span", "pill warn", host.life),
    host.nodeState && host.nodeState !== "ready" ? make("span", "pill bad", `node ${host.nodeState}`) : null);
  const row = make("tr", host.isReachable ? "" : "lost",
    cell("Host", make("span", "host-name", host.name), make("span", "sub", host.address)), cell("Role", tags),
    cell("Domain", make("span", "domain", host.domain)), cell("Reachability", reach(host)), cell("Memory", ...memory(host)),
    cell("Engine", (host.engineVersion || "none").replace(/\+.*$/, ""), make("span", "sub words", (host.operatingSystem || "").replace(/ \(.*\)$/, ""))));
  return row;
}

function showHosts() {
  const wanted = $("filter").value.trim().toLowerCase();
  const rows = status.hosts.filter((host) => !wanted
    || [host.name, host.address, host.domain, host.cluster, host.role, host.life, host.isReachable ? "answers" : "lost"].join(" ").toLowerCase().includes(wanted));
  // What is lost comes first: in a region of a thousand hosts it would never be seen otherwise.
  rows.sort((a, b) => Number(a.isReachable) - Number(b.isReachable));
  replace("host-rows", rows.map(hostRow));
  $("no-hosts").hidden = rows.length > 0;
}

function note(problem) {
  return make("li", "", make("span", "subject", ...rich(problem.subject)), ...rich(problem.message),
    problem.hint ? make("span", "next", ...rich(problem.hint)) : null);
}

function showNotes(s) {
  const loud = s.warnings.filter((w) => w.code.startsWith("quorum") || w.code === "taken-back");
  const quiet = s.warnings.filter((w) => !loud.includes(w));
  $("trouble").hidden = loud.length === 0;
  replace("trouble", loud.map((w) => make("p", "", make("strong", "", ...rich(w.subject)), ": ", ...rich(w.message), w.hint ? "; " : "", ...rich(w.hint || ""))));
  replace("notes", quiet.map(note));
  $("drift-section").hidden = s.drift.length === 0;
  replace("drift", s.drift.slice(0, 50).map(note));
}

function showRun(s) {
  const going = s.run;
  $("run").hidden = !going;
  if (!going) return;
  const { run, steps, ended } = going;
  const words = run.state === "cancelling" ? "is told to stop" : "goes on";
  const head = make("p", "run-head", make("i", "dot warn"), make("strong", "", `Run ${run.id}`), ` ${words}`,
    make("span", "run-count", `${ended} of ${plural(steps, "step", "steps")}`));
  const fill = make("i", "");
  fill.style.width = `${steps ? Math.round((100 * ended) / steps) : 0}%`;
  const bar = make("div", "bar", fill);
  bar.setAttribute("role", "img");
  bar.setAttribute("aria-label", `${ended} of ${steps} steps have ended`);
  const who = make("p", "sub words", `${run.actor} began it `, ago(run.startedAt, "", " ago"), ", plan ", make("code", "", run.plan));
  replace("run", [head, bar, who]);
}

const tones = { lost: "bad", back: "good" };

function eventTone(event) {
  const word = event.message.split(/[: ]/, 1)[0];
  if (event.kind === "node") return event.message.includes("`ready`") ? "good" : "bad";
  if (event.kind === "step") return event.message.includes(" failed: ") ? "bad" : "good";
  if (event.kind === "run") return / failed| cancelled/.test(event.message) ? "bad" : / is done/.test(event.message) ? "good" : "warn";
  if (event.kind === "drift") return event.message.startsWith("drift gone") ? "good" : "warn";
  return event.kind === "host" ? tones[word] || "" : "";
}

function eventItem(event, fresh) {
  const what = make("p", "what", make("b", "", ...rich(event.subject)), " ", ...rich(event.message));
  const when = make("p", "when", ago(event.at, "", " ago"), ` · ${event.actor}`);
  return make("li", fresh ? "fresh" : "", make("i", `dot ${eventTone(event)}`), what, when);
}

function addEvent(event, fresh) {
  if (event.sequence <= newest) return;
  newest = event.sequence;
  const list = $("events");
  if (list.firstElementChild && list.firstElementChild.classList.contains("empty")) list.replaceChildren();
  list.prepend(eventItem(event, fresh));
  while (list.children.length > shownEvents) list.lastElementChild.remove();
}

// --- Where it comes from ---------------------------------------------------------------------------------------

function live(tone, text) {
  $("live-dot").className = `dot ${tone}`;
  $("live-text").textContent = text;
}

async function refresh() {
  try {
    const answer = await fetch("/page/status", { cache: "no-store" });
    if (answer.status === 401) { location.reload(); return; }
    if (!answer.ok) { live("bad", `the control plane answers ${answer.status}`); return; }
    status = await answer.json();
    serverAhead = status.takenAt - Date.now() / 1000;
    showHeader(status); showRun(status); showTiles(status); showClusters(status); showHosts(); showNotes(status);
    document.body.dataset.ready = "yes";
  } catch {
    live("bad", "the control plane does not answer");
  }
}

/** Many events at once are one look at the status. */
function refreshSoon() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(refresh, 250);
}

function listen() {
  const source = new EventSource("/page/events");
  let isCaughtUp = false;
  source.addEventListener("open", () => live("good", "live"));
  source.addEventListener("error", () => live("warn", "connection lost, trying again"));
  source.addEventListener("caught-up", () => {
    isCaughtUp = true;
    if (!$("events").children.length) $("events").append(make("li", "empty", "Nothing has happened yet."));
  });
  source.addEventListener("fleet", (message) => {
    addEvent(JSON.parse(message.data), isCaughtUp);
    if (isCaughtUp) refreshSoon();
  });
}

$("filter").addEventListener("input", () => status && showHosts());
setInterval(tick, 1000);
setInterval(refresh, 15000);
refresh().then(listen);
