'use strict';
// Draws the page from the JSON in #data. Every text goes in as a text node: nothing that a run says is ever read as HTML.
// What is large (a step's inside: logs, plots) is drawn when it is opened.

const data = JSON.parse(document.getElementById('data').textContent);
const $ = id => document.getElementById(id);
const body = id => $(id).querySelector('.body');

// h('p', {class: 'soft'}, 'text', node, ...)
function h(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter(child => child !== null && child !== undefined && child !== ''));
  return node;
}

// ---- words

const whole = new Intl.NumberFormat('en-US');
const count = (n, one, many = `${one}s`) => `${whole.format(n)} ${n === 1 ? one : many}`;
const number = value => value === null || !isFinite(value) ? String(value ?? 'not a number') : Number.isInteger(value) && Math.abs(value) < 1e15
  ? whole.format(value) : String(Number(value.toPrecision(6)));
function seconds(s) {
  if (s === 0) return '0';
  if (s < 0.0005) return `${Math.round(s * 1e6)} µs`;
  if (s < 0.00995) return `${Number((s * 1000).toPrecision(2))} ms`;
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
  if (s < 59.995) return `${Number(s.toPrecision(3))} s`;
  const t = Math.round(s), two = n => String(n).padStart(2, '0');
  return t < 3600 ? `${Math.floor(t / 60)} m ${two(t % 60)} s` : `${Math.floor(t / 3600)} h ${two(Math.floor(t / 60) % 60)} m`;
}
const micro = us => seconds(us / 1e6);
function bytes(n) {
  let unit = 0;
  while (n >= 1024 && unit < 4) n /= 1024, ++unit;
  return unit ? `${n.toFixed(1)} ${['KB', 'MB', 'GB', 'TB'][unit - 1]}` : `${n} B`;
}
const moment = text => text.slice(0, 19).replace('T', ' ') + 'Z';
const quoted = word => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

// ---- pieces

const pill = state => h('span', {class: `pill ${state}`}, state);
const facts = rows => h('dl', {class: 'facts'}, rows.filter(([, value]) => value && value.length !== 0)
  .flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
const mono = text => h('span', {class: 'mono'}, text);

// columns: [title, isNumber]; a table that is wide scrolls by itself.
function table(columns, rows, label) {
  const cell = (name, i, value) => h(name, columns[i][1] ? {class: 'number'} : {}, value);
  return h('div', {class: 'wide', tabindex: 0, role: 'group', 'aria-label': label}, h('table', {},
    h('thead', {}, h('tr', {}, columns.map(([title], i) => { const th = cell('th', i, title); th.scope = 'col'; return th; }))),
    h('tbody', {}, rows.map(row => h('tr', {}, row.map((value, i) => cell('td', i, value)))))));
}

function longTable(columns, rows, label, first = 20) {
  const box = h('div', {}, table(columns, rows.slice(0, first), label));
  if (rows.length > first)
    box.append(h('p', {}, h('button', {type: 'button', onclick: () => box.replaceChildren(table(columns, rows, label))}, `show all ${whole.format(rows.length)}`)));
  return box;
}

const pre = (text, label) => h('pre', {tabindex: 0, role: 'group', 'aria-label': label}, text);

function diffText(text, label) {
  const kinds = {'+': 'add', '-': 'del', '@': 'at'};
  return h('pre', {class: 'diff', tabindex: 0, role: 'group', 'aria-label': label}, text.replace(/\n$/, '').split('\n').map(line =>
    h('span', {class: /^(---|\+\+\+) /.test(line) ? 'at' : kinds[line[0]]}, line || ' ')));
}

// ---- plots

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const plots = new Set();

function ticks(least, most, about) {
  const raw = (most - least) / about || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find(factor => factor * power >= raw) * power, found = [];
  // Counted from the first one: of numbers beyond 2^53 the next one may be the same.
  const first = Math.ceil(least / step);
  for (let i = 0; i <= 2 * about + 2 && (first + i) * step <= most + step * 1e-9; ++i) found.push((first + i) * step);
  return found;
}
function logTicks(least, most) {
  const found = [];
  for (let power = 10 ** Math.floor(Math.log10(least)); power <= most; power *= 10) if (power >= least) found.push(power);
  return found.length > 1 ? found : [least, most];
}

// A plot on a canvas. points: [x, y] ascending in x; draw(context, x, y, colour) paints them; say(i) tells of one; rows: of lanes, their names.
function plot({title, points, x, y, draw, say, summary, height = 150, full = false, rows}) {
  const canvas = h('canvas', {role: 'img', tabindex: 0, 'aria-label': `${title}. ${summary}`}), output = h('output', {}, summary), mark = h('div', {class: 'mark'});
  const figure = h('figure', {class: full ? 'plot full' : 'plot'}, h('figcaption', {}, h('strong', {}, title), output), h('div', {class: 'area'}, canvas, mark));
  const left = full ? 84 : 56, right = 10, top = 8, bottom = 22;
  let toX, toY, width = 0, at = -1;

  function axes(context) {
    context.font = `11px ${css('--sans')}`;
    context.textBaseline = 'middle';
    for (const tick of rows ? [] : y.log ? logTicks(y.least, y.most) : ticks(y.least, y.most, 3)) {
      context.fillStyle = css('--line');
      context.fillRect(left, Math.round(toY(tick)), width - left - right, 1);
      context.fillStyle = css('--soft');
      context.textAlign = 'right';
      context.fillText(y.text(tick), left - 7, toY(tick));
    }
    (rows || []).forEach((row, i) => {
      context.fillStyle = css('--soft');
      context.textAlign = 'right';
      context.fillText(row, left - 7, toY(i));
    });
    context.textAlign = 'center';
    for (const tick of ticks(x.least, x.most, Math.max(2, width / 130))) {
      context.fillStyle = css('--soft');
      context.fillText(x.text(tick), Math.min(Math.max(toX(tick), left + 12), width - right - 12), height - 9);
    }
  }

  function paint() {
    const room = canvas.parentNode.clientWidth, scale = devicePixelRatio || 1;
    if (!room) return;
    width = room;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = `${height}px`;
    const context = canvas.getContext('2d');
    context.scale(scale, scale);
    const span = (axis, from, to) => {
      const f = axis.log ? Math.log : value => value, low = f(axis.least), high = f(axis.most);
      return value => from + (high > low ? (f(value) - low) / (high - low) : 0.5) * (to - from);
    };
    toX = span(x, left, width - right);
    toY = rows ? i => top + (i + 0.5) * (height - top - bottom) / rows.length : span(y, height - bottom, top);
    axes(context);
    draw(context, toX, toY, name => css(name));
    if (at >= 0) point(at);
  }

  function point(i) {
    if (!width) paint();
    if (!width) return;
    at = Math.max(0, Math.min(points.length - 1, i));
    output.textContent = say(at);
    mark.style.left = `${toX(points[at][0])}px`;
    mark.style.top = `${toY(points[at][1])}px`;
    mark.style.display = 'block';
  }
  function leave() {
    at = -1;
    output.textContent = summary;
    mark.style.display = 'none';
  }
  canvas.addEventListener('mousemove', event => {
    let best = 0, least = Infinity;
    for (let i = 0; i < points.length; ++i) {
      const distance = (toX(points[i][0]) - event.offsetX) ** 2 + ((toY(points[i][1]) - event.offsetY) / 2) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    if (points.length) point(best);
  });
  canvas.addEventListener('mouseleave', leave);
  canvas.addEventListener('blur', leave);
  canvas.addEventListener('keydown', event => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key];
    if (!step || !points.length) return;
    event.preventDefault();
    output.setAttribute('aria-live', 'polite');
    point(at < 0 ? (step > 0 ? 0 : points.length - 1) : at + step * (event.shiftKey ? Math.ceil(points.length / 50) : 1));
  });
  new ResizeObserver(() => { if (canvas.parentNode.clientWidth !== width) paint(); }).observe(figure);
  plots.add(paint);
  return figure;
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plots.forEach(paint => paint()));

const range = values => values.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);

function seriesPlot(series) {
  const byStep = new Set(series.steps).size === series.steps.length, start = series.times[0];
  const all = series.values.map((value, i) => [byStep ? series.steps[i] : (series.times[i] - start) / 1000, value]).filter(([, value]) => value !== null && isFinite(value));
  const [x0, x1] = range(all.map(p => p[0])), [y0, y1] = range(all.map(p => p[1]));
  const text = byStep ? number : seconds;
  return plot({
    title: series.name, points: all, height: 140, x: {least: x0, most: x1, text}, y: {least: y0, most: y1, text: number},
    summary: all.length ? `${number(all[0][1])} → ${number(all.at(-1)[1])}` : 'no number', say: i => `${byStep ? 'step ' : ''}${text(all[i][0])}: ${number(all[i][1])}`,
    draw(context, X, Y, colour) {
      context.strokeStyle = context.fillStyle = colour('--ran');
      context.lineWidth = 1.8;
      context.lineJoin = 'round';
      context.beginPath();
      for (const [px, py] of all) context.lineTo(X(px), Y(py));
      context.stroke();
      if (all.length <= 40) for (const [px, py] of all) context.fillRect(X(px) - 2, Y(py) - 2, 4, 4);
    },
  });
}

// ---- mini-batches

function miniBatchPlots(facts) {
  const t = facts.tries, n = t.begun.length, order = Array.from({length: n}, (_, i) => i).sort((a, b) => t.begun[a] - t.begun[b]);
  const end = Math.max(1, range(order.map(i => t.begun[i] + t.elapsed[i]))[1]);
  const x = {least: 0, most: end, text: micro}, bad = i => !t.good[i] || t.failed[i] > 0;
  const name = i => `mini-batch ${t.mini_batch[i]}${t.picked[i] > 1 ? `, try ${t.picked[i]}` : ''}`;
  const say = i => `${name(i)} on process ${t.worker[i]}: ${micro(t.elapsed[i])}, ${count(t.items[i], 'item')}${t.good[i] ? t.failed[i] ? `, ${t.failed[i]} failed` : '' : ', failed'}`;
  const [least, most] = range(t.elapsed.map(us => Math.max(us, 1)));
  const times = plot({
    title: 'Time of each mini-batch', full: true, height: 180, points: order.map(i => [t.begun[i], Math.max(t.elapsed[i], 1)]), x,
    y: {least: most > 20 * least ? least : 0, most, log: most > 20 * least, text: micro}, say: k => say(order[k]),
    summary: `median ${micro(facts.median)}, 95 % below ${micro(facts.p95)}, slowest ${micro(facts.most)}`,
    draw(context, X, Y, colour) {
      const size = n > 2000 ? 2 : 4;
      for (const failed of [false, true]) {
        context.fillStyle = colour(failed ? '--failed' : '--ran');
        context.globalAlpha = failed || n <= 2000 ? 1 : 0.55;
        for (const i of order) if (bad(i) === failed) context.fillRect(X(t.begun[i]) - size / 2, Y(Math.max(t.elapsed[i], 1)) - size / 2, size + failed, size + failed);
      }
      context.globalAlpha = 1;
    },
  });
  const ended = order.filter(i => t.good[i]).sort((a, b) => t.begun[a] + t.elapsed[a] - t.begun[b] - t.elapsed[b]);
  let sum = 0;
  const scale = facts.items / Math.max(1, ended.reduce((all, i) => all + t.items[i], 0)), done = ended.map(i => [t.begun[i] + t.elapsed[i], (sum += t.items[i]) * scale]);
  const items = plot({
    title: 'Items done', full: true, points: done, x, y: {least: 0, most: Math.max(1, facts.items), text: number},
    summary: `${count(facts.items, 'item')} in ${micro(end)}: ${number(Number((facts.items / end * 1e6).toPrecision(4)))} a second`,
    say: k => `${whole.format(Math.round(done[k][1]))} after ${micro(done[k][0])}`,
    draw(context, X, Y, colour) {
      context.strokeStyle = colour('--ran');
      context.lineWidth = 1.8;
      context.beginPath();
      context.moveTo(X(0), Y(0));
      for (const [px, py] of done) context.lineTo(X(px), Y(py));
      context.stroke();
    },
  });
  const lane = new Map(facts.workers.map((worker, row) => [worker.worker, row]));
  const rowHeight = Math.max(8, Math.min(24, 400 / lane.size));
  const lanes = plot({
    title: 'Processes', full: true, height: Math.round(30 + rowHeight * lane.size), rows: lane.size <= 32 ? facts.workers.map(w => `process ${w.worker}`) : facts.workers.map(() => ''),
    points: order.map(i => [t.begun[i] + t.elapsed[i] / 2, lane.get(t.worker[i])]), x, say: k => say(order[k]),
    summary: `${count(lane.size, 'process', 'processes')}, busy ${Math.round(100 * facts.workers.reduce((all, w) => all + w.busy, 0) / end / Math.max(1, lane.size))} %`,
    draw(context, X, Y, colour) {
      for (const failed of [false, true]) {
        context.fillStyle = colour(failed ? '--failed' : '--ran');
        for (const i of order) {
          if (bad(i) !== failed) continue;
          const from = X(t.begun[i]), wide = X(t.begun[i] + t.elapsed[i]) - from;
          context.fillRect(from, Y(lane.get(t.worker[i])) - rowHeight * 0.35, Math.max(0.6, wide > 3 ? wide - 1 : wide), rowHeight * 0.7);
        }
      }
    },
  });
  return h('div', {class: 'plots'}, times, items, lanes);
}

function miniBatches(facts) {
  const t = facts.tries, slow = Array.from(t.elapsed.keys()).sort((a, b) => t.elapsed[b] - t.elapsed[a]).slice(0, 5);
  const shown = t.begun.length < facts.all_tries ? ` The plots show ${whole.format(t.begun.length)} of them: every failed one, and the others evenly thinned out.` : '';
  const cut = facts.cut ? ' There are more: only the first part of the table of mini-batches was read.' : '';
  const box = h('div', {}, h('h4', {}, 'Mini-batches'),
    h('p', {class: 'soft'}, `${count(facts.all_tries, 'try', 'tries')}${facts.failed_tries ? `, ${whole.format(facts.failed_tries)} failed` : ', none failed'}.${shown}${cut}`),
    miniBatchPlots(facts));
  if (facts.workers.length > 1)
    box.append(h('h4', {}, 'Per process'), longTable([['process'], ['tries', 1], ['failed', 1], ['items', 1], ['busy', 1], ['a try', 1]],
      facts.workers.map(w => [String(w.worker), whole.format(w.tries), whole.format(w.failed_tries), whole.format(w.items), micro(w.busy), micro(w.busy / w.tries)]), 'Per process'));
  if (t.begun.length > 1)
    box.append(h('h4', {}, 'Slowest'), table([['mini-batch', 1], ['process', 1], ['time', 1], ['items', 1]],
      slow.map(i => [String(t.mini_batch[i]), String(t.worker[i]), micro(t.elapsed[i]), whole.format(t.items[i])]), 'Slowest mini-batches'));
  if (facts.failures.length)
    box.append(h('h4', {}, 'Tries with failures'), longTable([['mini-batch', 1], ['try', 1], ['process', 1], ['what'], ['message']],
      facts.failures.map(f => [String(f.mini_batch), String(f.picked), String(f.worker), f.category, f.message]), 'Tries with failures', 10));
  return box;
}

// ---- a step

const records = new Map(data.run.steps.map(record => [record.step, record]));
const changed = new Map((data.changes ? data.changes.steps : []).map(step => [step.step, step]));

function stepFacts(step, record) {
  const needs = step.needs.length ? step.needs.flatMap((need, i) => [i ? ', ' : '', h('a', {href: `#step-${need}`}, data.steps[need].name)]) : '';
  if (!record) return facts([['needs', needs]]);
  return facts([
    ['why', record.reason],
    ['reused from', record.reused_from && mono(record.reused_from)],
    ['needs', needs],
    ['began', record.took > 0 && moment(record.started)],
    ['tries', record.tries > 1 && String(record.tries)],
    ['exit code', record.exit_code !== 0 && String(record.exit_code)],
    ['outputs', record.outputs.filter(o => o.bytes || o.name !== 'artifacts').flatMap((o, i) => [i ? h('br') : '', `${o.name}: ${count(o.files, 'file')}, ${bytes(o.bytes)}`])],
    ['kept', record.kept && mono(record.kept)],
    ['fingerprint', record.fingerprint && mono(record.fingerprint.slice(0, 16))],
  ]);
}

function metrics(step, record) {
  const values = Object.entries(record ? record.metrics : {}), series = step.series.filter(one => one.values.length > 1);
  if (!values.length && !series.length) return null;
  const before = new Map((changed.get(step.name)?.metrics || []).filter(m => m.file === 'tracked' && m.before !== null).map(m => [m.name, m]));
  const rows = values.map(([name, value]) => [name, number(value), before.has(name) ? number(before.get(name).before) : '']);
  return h('div', {}, h('h4', {}, 'Metrics'), values.length ? longTable([['name'], ['value', 1], ['before', 1]], rows, 'Metrics') : '',
    series.length ? h('div', {class: 'plots'}, series.map(seriesPlot)) : '');
}

function failedItems(step) {
  if (!step.failed_items.length) return null;
  const rows = step.failed_items.map(f => [f.item, String(f.mini_batch), f.kind, h('div', {}, f.reason, f.detail && h('details', {class: 'more'}, h('summary', {}, 'details'), pre(f.detail, 'Details')))]);
  return h('div', {}, h('h4', {}, 'Failed items'), longTable([['item'], ['mini-batch', 1], ['kind'], ['reason']], rows, 'Failed items'),
    step.more_failed_items ? h('p', {class: 'soft'}, `and ${whole.format(step.more_failed_items)} more, in failed_items.jsonl of its logs`) : '');
}

function log(file, opened) {
  const size = new Blob([file.text]).size, cut = file.bytes > size + 3 ? `, its last ${bytes(size)}` : '';
  const box = h('details', {class: 'log'}, h('summary', {}, mono(file.file), ` ${bytes(file.bytes)}${cut}`));
  const fill = () => box.open && box.childElementCount === 1 && box.append(pre(file.text, `Log ${file.file}`));
  box.addEventListener('toggle', fill);
  if (opened) box.open = true, fill();
  return box;
}

function logs(step, record) {
  if (!step.logs.length) return h('div', {}, h('h4', {}, 'Logs'), h('p', {class: 'soft'}, 'It printed nothing.'));
  const from = step.logs_run !== data.run.id && record ? `It was reused: these are the logs of run ${step.logs_run}. ` : '';
  const more = step.more_logs ? `${count(step.more_logs, 'more file')} in ` : 'All of them: ';
  return h('div', {}, h('h4', {}, 'Logs'), from && h('p', {class: 'soft'}, from), step.logs.map((file, i) => log(file, i === 0)),
    h('p', {class: 'soft'}, more, mono(step.logs_folder)));
}

function stepInside(step) {
  const record = records.get(step.name);
  return h('div', {class: 'inside'}, record && record.error ? h('p', {class: 'error'}, h('strong', {}, record.error)) : '', stepFacts(step, record), metrics(step, record),
    failedItems(step), step.mini_batches && step.mini_batches.all_tries ? miniBatches(step.mini_batches) : '', ['waiting', 'not run', 'skipped'].includes(step.state) ? '' : logs(step, record));
}

function stepCard(step, i) {
  const card = h('details', {class: 'step', id: `step-${i}`}, h('summary', {},
    h('span', {class: `dot ${step.state}`}), h('h3', {}, step.name), h('span', {class: 'outcome'}, step.outcome)));
  card.addEventListener('toggle', () => { if (card.open) openCard(card); });
  return card;
}

// With its inside at once: a toggle event comes later.
function openCard(card) {
  card.open = true;
  if (card.childElementCount === 1) card.append(stepInside(data.steps[Number(card.id.slice('step-'.length))]));
}

// ---- the parts of the page

function header() {
  const run = data.run, values = map => Object.entries(map).flatMap(([name, value], i) => [i ? h('br') : '', mono(`${name} = ${value}`)]);
  $('state').replaceWith(pill(run.state));
  $('summary').append(data.summary, h('span', {class: 'soft'}, ` · ${moment(run.started)} · ${run.user ? run.user + '@' : ''}${run.host}`));
  $('facts').append(facts([['run', mono(run.id)], ['pipeline file', mono(run.spec)], ['command', mono(run.command_line.map(quoted).join(' '))], ['parameters', values(run.parameters)],
    ['inputs', values(run.inputs)], ['changed by options', run.overrides.join(', ')], ['selection', run.selection.join(' ')], ['rerun of', run.rerun_of && mono(run.rerun_of)],
    ['mlpipe', `${run.mlpipe_version}, process ${run.pid}`]]));
}

function failure() {
  const failed = data.steps.map((step, i) => [records.get(step.name), i]).filter(([record]) => record && record.state === 'failed');
  if (!failed.length) return;
  $('failure').append(...failed.slice(0, 3).map(([record, i]) => h('p', {}, h('a', {href: `#step-${i}`}, record.step), `: ${record.error || 'failed'}`)));
  if (failed.length > 3) $('failure').append(h('p', {}, `and ${failed.length - 3} more`));
}

function timeline() {
  const start = Date.parse(data.run.started), end = Math.max(data.run.took, 0.001, ...data.run.steps.map(r => (Date.parse(r.started) - start) / 1000 + r.took));
  const percent = s => `${100 * Math.min(1, Math.max(0, s / end))}%`;
  const rows = data.steps.map((step, i) => {
    const record = records.get(step.name), track = h('span', {class: 'track'});
    const begun = record && record.state !== 'skipped' ? Math.max(0, (Date.parse(record.started) - start) / 1000) : 0;
    if (record && record.state !== 'skipped') {
      const bar = h('span', {class: `bar dot ${step.state}`}), took = h('span', {class: 'took'}, record.took > 0 ? seconds(record.took) : record.state);
      bar.style.left = percent(begun);
      if (!['reused', 'used'].includes(record.state)) bar.style.width = percent(record.took);
      const behind = begun + record.took;
      if (behind / end < 0.8) took.style.left = `calc(${percent(behind)} + 8px)`;
      else took.style.right = `calc(${percent(end - begun)} + 8px)`;
      if (behind / end >= 0.8 && begun / end < 0.2) took.style.right = '0';
      track.append(bar, took);
    } else {
      track.append(h('span', {class: 'took'}, step.state));
    }
    return h('a', {class: 'row', href: `#step-${i}`}, h('span', {class: 'who', title: step.name}, step.name), track);
  });
  const axis = h('div', {class: 'axis', 'aria-hidden': 'true'});
  for (const part of [0, 0.25, 0.5, 0.75, 1]) {
    const label = h('span', {}, part ? seconds(end * part) : '0');
    label.style.left = `${part * 100}%`;
    axis.append(label);
  }
  body('timeline').append(h('div', {class: 'gantt panel'}, rows, axis));
}

const valueChange = v => v.before === null ? `${v.name}: new (${v.after})` : v.after === null ? `${v.name}: gone (was ${v.before})` : `${v.name}: ${v.before} → ${v.after}`;
const metricChange = m => valueChange({name: `${m.file} ${m.name}`, before: m.before === null ? null : number(m.before), after: m.after === null ? null : number(m.after)});
function outputChange(o) {
  if (!o.before || !o.after) return `output ${o.name} is ${o.before ? 'gone' : 'new'}`;
  return `output ${o.name}: ${count(o.before.files, 'file')}, ${bytes(o.before.bytes)} → ${count(o.after.files, 'file')}, ${bytes(o.after.bytes)}`;
}
function fileChange(file) {
  const line = `${file.path}: ${file.what}${file.diff ? `, +${file.lines_added} −${file.lines_removed}` : file.note ? `, ${file.note}` : ''}`;
  return h('li', {}, file.diff ? h('details', {class: 'more'}, h('summary', {}, line), diffText(file.diff, `Lines of ${file.path}`)) : line);
}
function change(title, items) {
  return items.length ? h('div', {class: 'change'}, h('h3', {}, title), h('ul', {}, items.map(item => item instanceof Node ? item : h('li', {}, item)))) : '';
}
function stepChange(step) {
  const side = s => s ? s.state : 'not part of it', both = step.before && step.after;
  const took = both && step.before.took > 0 && step.after.took > 0 ? `, ${seconds(step.before.took)} → ${seconds(step.after.took)}` : '';
  const states = side(step.before) === side(step.after) ? side(step.after) : `${side(step.before)} → ${side(step.after)}`;
  const items = [...step.changes.map(c => c.text), ...step.metrics.map(metricChange), ...step.outputs.map(outputChange), ...step.code.filter(f => f.diff || f.note).map(fileChange)];
  return change(`${step.step}: ${states}${took}`, [...(step.code_as_of ? [`its code changed as that of ${step.code_as_of}`] : []), ...items.slice(0, 30),
    ...(items.length > 30 ? [`and ${items.length - 30} more: mlpipe diff ${data.changes.before.id} ${data.run.id}`] : [])]) || h('p', {}, h('strong', {}, step.step), `: ${states}${took}`);
}

function changes() {
  const diff = data.changes, to = body('changes');
  if (!diff) return to.append(h('p', {class: 'soft'}, 'This is the first run of its pipeline in the store: there is nothing to compare it with.'));
  to.append(h('p', {class: 'soft'}, 'Since run ', mono(diff.before.id), `, which ${diff.before.state} in ${seconds(diff.before.took)}.`));
  if (diff.spec_note) to.append(h('p', {}, `Pipeline file: ${diff.spec_note}`));
  to.append(...[change('Pipeline file', diff.spec.map(fileChange)), change('Parameters', diff.parameters.map(valueChange)), change('Inputs', diff.inputs.map(valueChange))].filter(Boolean));
  const other = diff.steps.filter(step => !step.same), same = diff.steps.filter(step => step.same);
  to.append(...other.map(stepChange));
  if (same.length) to.append(h('p', {class: 'soft'}, `The same: ${same.map(step => step.step).join(', ')}.`));
}

function steps() {
  body('steps').append(...data.steps.map(stepCard));
  data.steps.forEach((step, i) => { if (step.state === 'failed' || data.steps.length === 1) openCard($(`step-${i}`)); });
}

// ---- getting about

const cards = () => [...document.querySelectorAll('.step')];

function show(card) {
  openCard(card);
  card.querySelector('summary').focus({preventScroll: true});
  card.scrollIntoView({block: 'start'});
}
function follow() {
  const target = location.hash.startsWith('#step-') ? $(location.hash.slice(1)) : null;
  if (target) show(target);
}
document.addEventListener('click', event => {
  const link = event.target.closest('a[href^="#step-"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.getAttribute('href') !== location.hash) history.pushState(null, '', link.getAttribute('href'));
  follow();
});
addEventListener('hashchange', follow);

function move(by, wanted = () => true) {
  const all = cards(), here = all.findIndex(card => card.contains(document.activeElement));
  for (let i = here < 0 && by < 0 ? all.length - 1 : here + by; i >= 0 && i < all.length; i += by) {
    if (!wanted(i)) continue;
    all[i].querySelector('summary').focus();
    all[i].scrollIntoView({block: 'nearest'});
    return;
  }
}
function section(name) {
  $(name).focus({preventScroll: true});
  $(name).scrollIntoView();
}
const keys = {
  j: () => move(1), k: () => move(-1), e: () => move(1, i => data.steps[i].state === 'failed'),
  g: () => section('graph'), t: () => section('timeline'), c: () => section('changes'), s: () => section('steps'),
  o: () => cards().forEach(openCard), x: () => cards().forEach(card => { card.open = false; }), '?': () => $('help').showModal(),
};
document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || $('help').open || !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
});
$('help-button').addEventListener('click', () => $('help').showModal());

// The edges of a step under the pointer or with the focus are lit.
function light(event, lit) {
  const node = event.target.closest('.graph a');
  if (!node) return;
  const i = node.getAttribute('href').slice('#step-'.length);
  document.querySelectorAll(`.edge.from-${i}, .edge.to-${i}`).forEach(edge => edge.classList.toggle('lit', lit));
}
for (const [type, lit] of [['mouseover', true], ['focusin', true], ['mouseout', false], ['focusout', false]]) $('graph').addEventListener(type, event => light(event, lit));

header();
failure();
timeline();
changes();
steps();
follow();
