'use strict';
// Texts of the report come from images that strangers built: they are only ever set as
// text, never as markup, and no address in them is ever made a link.
(() => {
  const report = JSON.parse(document.getElementById('data').textContent);
  const words = report.words;
  const severities = ['info', 'low', 'medium', 'high', 'critical'];
  const main = document.getElementById('main');

  function element(tag, properties, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(properties || {})) {
      if (name === 'class') made.className = value;
      else if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value);
    }
    for (const child of children) {
      if (child !== null && child !== undefined && child !== '') made.append(child);
    }
    return made;
  }
  const grouped = (number) => number.toLocaleString('en').replace(/,/g, ' ');
  const counted = (number, noun) => grouped(number) + ' ' + noun + (number === 1 ? '' : 's');
  function sized(bytes) {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    let at = 0;
    while (bytes >= 1000 && at < units.length - 1) { bytes /= 1000; ++at; }
    return (at === 0 || bytes >= 100 ? Math.round(bytes) : bytes.toFixed(1)) + ' ' + units[at];
  }

  // Rows in columns, so that a report of many findings stays small; see html.cpp.
  function finding(row) {
    const [rule, severity, confidence, evidence, detail, source, layer, path, inner, line, offset,
      length, redacted, secret, fingerprint, hidden, by, pack, step, suppressed] = row;
    return { suppressed: words[suppressed], rule: words[rule], title: words[report.titles[rule]], severity, confidence: words[confidence],
      evidence: words[evidence], detail: words[detail], source: words[source], layer, path: words[path],
      inner: words[inner], line, offset, length, redacted: words[redacted], secret: words[secret],
      fingerprint: words[fingerprint], hidden: words[hidden], by, pack: words[pack], step: words[step] };
  }
  function program(row) {
    const [name, title, kind, version, role, layer, path, inner, hidden, by, pack, step, flags, applets] = row;
    return { name: words[name], title: words[title], kind: words[kind], version: words[version],
      role: words[role], layer, path: words[path], inner: words[inner], hidden: words[hidden], by,
      pack: words[pack], step: words[step], flags: words[flags], applets: words[applets] };
  }
  const place = (one) => one.path + (one.inner ? ' › ' + one.inner : '') + (one.line ? ':' + one.line : '');
  const layerText = (one) => one.layer < 0 ? 'configuration' : 'layer ' + one.layer;
  const hidden = (one) => one.hidden === 'visible' ? '' : one.hidden + ' by layer ' + one.by;
  const state = (one) => [hidden(one), one.suppressed ? 'suppressed' : ''].filter(Boolean).join(', ');

  // A table of which only the rows in sight exist.
  class Rows {
    constructor(kind, label, columns, height, cells, open) {
      this.id = 'rows' + (++Rows.made) + '-'; this.height = height; this.cells = cells; this.open = open; this.items = []; this.at = -1;
      this.space = element('div', { role: 'presentation' });
      this.view = element('div', { class: 'view', tabindex: '0', role: 'rowgroup', 'aria-label': label });
      this.view.append(this.space);
      this.root = element('div', { class: 'rows ' + kind, role: 'table', 'aria-label': label },
        element('div', { class: 'head', role: 'row' },
          ...columns.map((name) => element('span', { role: 'columnheader' }, name))), this.view);
      this.printed = element('p', { class: 'printed faint' });
      this.root.append(this.printed);
      this.view.addEventListener('scroll', () => this.draw());
      this.view.addEventListener('keydown', (event) => this.key(event));
    }
    set(items) {
      this.items = items; this.at = -1;
      this.root.setAttribute('aria-rowcount', items.length + 1);
      this.space.style.height = items.length * this.height + 'px';
      this.view.style.height = Math.min(items.length * this.height, 560) + 'px';
      this.view.scrollTop = 0;
      this.draw();
    }
    draw(all) {
      this.printed.textContent = all && this.items.length > all ?
        'Printed: the first ' + grouped(all) + ' of ' + grouped(this.items.length) + '.' : '';
      const first = all ? 0 : Math.max(0, Math.floor(this.view.scrollTop / this.height) - 6);
      const last = Math.min(this.items.length, all ? all : first + Math.ceil(this.view.clientHeight / this.height) + 14);
      const rows = [];
      for (let i = first; i < last; ++i) {
        const row = element('div', { class: i === this.at ? 'row at' : 'row', role: 'row', 'aria-rowindex': i + 2, id: this.id + i, 'aria-selected': String(i === this.at),
          onclick: () => { this.at = i; this.draw(); this.open(this.items[i]); } });
        row.style.top = i * this.height + 'px';
        row.style.height = this.height + 'px';
        row.append(...this.cells(this.items[i]).map((cell) => { cell.setAttribute('role', 'cell'); return cell; }));
        rows.push(row);
      }
      this.space.replaceChildren(...rows);
      if (this.at >= 0) this.view.setAttribute('aria-activedescendant', this.id + this.at);
      else this.view.removeAttribute('aria-activedescendant');
    }
    key(event) {
      const page = Math.max(1, Math.floor(this.view.clientHeight / this.height) - 1);
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
      if (event.key === 'Enter' && this.at >= 0) { this.open(this.items[this.at]); event.preventDefault(); return; }
      if (!(event.key in steps) || this.items.length === 0) return;
      this.at = Math.min(this.items.length - 1, Math.max(0, this.at + steps[event.key]));
      const top = this.at * this.height;
      if (top < this.view.scrollTop) this.view.scrollTop = top;
      const bottom = top + this.height - this.view.clientHeight;
      if (bottom > this.view.scrollTop) this.view.scrollTop = bottom;
      this.draw();
      event.preventDefault();
    }
  }

  Rows.made = 0;

  const dialog = element('dialog', { 'aria-label': 'Details' });
  document.body.append(dialog);
  function details(title, pairs) {
    const list = element('dl');
    for (const [name, value] of pairs) {
      if (value === '' || value === undefined || value === null) continue;
      if (Array.isArray(value) && value.length === 0) continue;
      const lines = Array.isArray(value) ? value.map((line) => element('div', {}, line)) : [String(value)];
      list.append(element('dt', {}, name), element('dd', {}, ...lines));
    }
    dialog.replaceChildren(element('h2', {}, title), list,
      element('div', { class: 'end' }, element('button', { type: 'button', onclick: () => dialog.close() }, 'Close')));
    dialog.showModal();
  }
  const two = (first, second, gone) => {
    const cell = element('span', { title: first }, element('span', gone ? { class: 'gone' } : {}, first));
    if (second) cell.append(element('small', {}, second));
    return cell;
  };
  const tag = (word, kind) => element('span', {}, element('span', { class: 'tag ' + kind }, word));

  const findingRows = () => new Rows('findings', 'Secrets', ['Severity', 'Secret', 'Where', 'Layer'], 48,
    (one) => [tag(severities[one.severity], severities[one.severity]),
      two(one.title, one.redacted), two(place(one), one.step, hidden(one) !== ''),
      two(layerText(one), state(one) || one.evidence)],
    (one) => details(one.title, [['Rule', one.rule], ['Severity', severities[one.severity]],
      ['Confidence', one.confidence], ['Evidence', one.evidence + (one.detail ? ': ' + one.detail : '')],
      ['Where', place(one)], ['Found in', one.source], ['Offset', grouped(one.offset) + ', ' + counted(one.length, 'byte')],
      ['Layer', layerText(one)], ['Build step', one.step], ['State', state(one) || 'visible'],
      ['Secret', one.redacted], ['Secret id', one.secret], ['Public key', one.fingerprint],
      ['Unmodified file of', one.pack], ['Suppressed', one.suppressed],
      ['What to do', report.remedy]]));
  const programRows = () => new Rows('programs', 'Programs', ['Class', 'Program', 'Path', 'Layer'], 48,
    (one) => [element('span', {}, one.kind), two(one.name + (one.version ? ' ' + one.version : ''), one.flags || one.title),
      two(place(one), one.step, hidden(one) !== ''), two(layerText(one), state(one) || (one.role === 'is' ? '' : one.role))],
    (one) => details(one.title, [['Program', one.name], ['Version', one.version], ['Class', one.kind], ['Role', one.role],
      ['Path', place(one)], ['Layer', layerText(one)], ['Build step', one.step], ['State', state(one) || 'visible'],
      ['Marks', one.flags], ['Unmodified file of', one.pack], ['Applets', one.applets]]));

  function section(title, ...children) {
    const id = 'h-' + title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    return element('section', { 'aria-labelledby': id }, element('h2', { id }, title), ...children);
  }

  const chosen = { layer: null, text: '', severities: new Set([0, 1, 2, 3, 4]), visible: false, packaged: false };
  const printers = [];
  const filled = [];  // tables that take their rows once they stand in the page

  // Of secrets or programs: how many of a layer's a later one hides, and how many a layer hides.
  function hiding(all) {
    const gone = new Map(), hides = new Map();
    const add = (map, layer) => map.set(layer, (map.get(layer) || 0) + 1);
    for (const one of all) {
      if (one.hidden === 'visible' || one.by < 0) continue;
      add(gone, one.layer);
      add(hides, one.by);
    }
    return { gone, hides };
  }

  function layersPicture(target, findings, programs, refresh) {
    const secretsHidden = hiding(findings), programsHidden = hiding(programs);
    const largest = Math.max(1, ...target.layers.map((layer) => Math.sqrt(layer.bytes)));
    const list = element('ol', { class: 'layers' });
    for (const layer of target.layers) {
      const bar = element('span', { class: 'bar', 'aria-hidden': 'true' });
      const part = element('i');
      part.style.width = Math.max(2, 100 * Math.sqrt(layer.bytes) / largest) + '%';
      bar.append(part);
      const badges = element('span', { class: 'badges' });
      const badge = (kind, number, noun, hidden) => {
        const gone = hidden.gone.get(layer.index), hides = hidden.hides.get(layer.index);
        if (number) badges.append(element('span', { class: 'tag ' + kind }, counted(number, noun) + (gone ? ', ' + grouped(gone) + ' hidden later' : '')));
        if (hides) badges.append(element('span', { class: 'tag hides' }, 'hides ' + counted(hides, noun)));
      };
      badge(severities[layer.worst], layer.secrets, 'secret', secretsHidden);
      badge('low', layer.programs, 'program', programsHidden);
      if (layer.state !== 'complete') badges.append(element('span', { class: 'tag high' }, layer.state));
      const button = element('button', { type: 'button', class: 'layer', 'aria-pressed': 'false', title: layer.digest },
        element('span', { class: 'faint' }, String(layer.index)), bar,
        element('span', { class: 'size faint' }, sized(layer.bytes)),
        element('span', { class: 'step code' }, layer.step || layer.digest.slice(0, 19)), badges);
      button.addEventListener('click', () => {
        chosen.layer = chosen.layer === layer.index ? null : layer.index;
        for (const other of list.querySelectorAll('button')) other.setAttribute('aria-pressed', 'false');
        button.setAttribute('aria-pressed', String(chosen.layer !== null));
        refresh();
      });
      list.append(element('li', {}, button));
    }
    return list;
  }

  function show(target) {
    main.replaceChildren();
    printers.length = 0;
    filled.length = 0;
    chosen.layer = null;
    const findings = target.findings.map(finding);
    const programs = target.programs.map(program);
    for (const one of findings) {
      one.seek = (one.title + '\n' + one.rule + '\n' + place(one) + '\n' + one.step + '\n' + one.redacted + '\n' +
        one.secret + '\n' + one.detail + '\n' + layerText(one)).toLowerCase();
    }
    for (const one of programs) {
      one.seek = (one.name + '\n' + one.title + '\n' + one.kind + '\n' + one.version + '\n' + place(one) + '\n' + one.step + '\n' + one.flags).toLowerCase();
    }
    findings.sort((a, b) => b.severity - a.severity || a.layer - b.layer);
    const found = findingRows(), tools = programRows();
    const told = element('p', { class: 'faint', role: 'status' });
    const refresh = () => {
      const text = chosen.text.toLowerCase();
      const fits = (one) => (chosen.layer === null || one.layer === chosen.layer ||
        (one.by === chosen.layer && one.hidden !== 'visible')) &&
        (!chosen.visible || one.hidden === 'visible') && (!chosen.packaged || !one.pack) &&
        (text === '' || one.seek.includes(text));
      const some = findings.filter((one) => chosen.severities.has(one.severity) && fits(one));
      const others = programs.filter(fits);
      found.set(some);
      tools.set(others);
      told.textContent = grouped(some.length) + ' of ' + counted(findings.length, 'secret') + ', ' +
        grouped(others.length) + ' of ' + counted(programs.length, 'program') +
        (chosen.layer === null ? '' : ' · only layer ' + chosen.layer);
    };

    for (const one of target.verdicts || []) main.append(verdict(one));
    const whole = target.coverage.complete;
    main.append(element('div', { class: whole ? 'notice good' : 'notice' },
      whole ? 'Everything was read: ' + counted(target.coverage.files, 'file') + ', ' + sized(target.coverage.bytes) + '.'
        : 'Not everything was read: ' + counted(target.coverage.gaps, 'gap') + ', listed below.'));
    main.append(section('Layers', layersPicture(target, findings, programs, refresh)));

    const search = element('input', { type: 'search', placeholder: 'Filter by rule, path, build step, id…', 'aria-label': 'Filter',
      oninput: (event) => { chosen.text = event.target.value; refresh(); } });
    search.value = chosen.text;
    const bar = element('div', { class: 'tools' }, search);
    for (const level of [4, 3, 2, 1, 0]) {
      const number = findings.filter((one) => one.severity === level).length;
      if (number === 0) continue;
      const button = element('button', { type: 'button', 'aria-pressed': String(chosen.severities.has(level)) }, severities[level] + ' ' + grouped(number));
      button.addEventListener('click', () => {
        if (!chosen.severities.delete(level)) chosen.severities.add(level);
        button.setAttribute('aria-pressed', String(chosen.severities.has(level)));
        refresh();
      });
      bar.append(button);
    }
    for (const [name, label] of [['visible', 'only visible files'], ['packaged', 'without packages’ own files']]) {
      const button = element('button', { type: 'button', 'aria-pressed': String(chosen[name]) }, label);
      button.addEventListener('click', () => {
        chosen[name] = !chosen[name];
        button.setAttribute('aria-pressed', String(chosen[name]));
        refresh();
      });
      bar.append(button);
    }
    const none = (what) => element('p', { class: 'faint' }, whole ? what + ' were found.' : what + ' were found in what was read.');
    if (findings.length + programs.length === 0) {
      main.append(section('Secrets', none('None')), section('Programs', none('None that are known')));
    } else {
      main.append(section('Secrets', bar, told, findings.length > 0 ? found.root : none('None')));
      main.append(section('Programs', programs.length > 0 ? tools.root : none('None that are known')));
    }
    if (target.gaps.length > 0) {
      const list = element('ul', { class: 'plain wrap' });
      for (const gap of target.gaps.slice(0, 2000)) {
        list.append(element('li', {}, (gap.path ? gap.path + ': ' : '') + gap.reason + (gap.layer >= 0 ? ' (layer ' + gap.layer + ')' : '')));
      }
      if (target.gaps.length > 2000) list.append(element('li', {}, counted(target.gaps.length - 2000, 'more gap')));
      main.append(section('Gaps', list));
    }
    if (target.notes.length > 0) {
      main.append(section('Notes', element('ul', { class: 'plain wrap' }, ...target.notes.map((note) => element('li', {}, note)))));
    }
    printers.push(found, tools);
    for (const fill of filled) fill();
    refresh();
  }

  // What decides comes first.
  const weights = ['fails', 'not known', 'told', 'set aside', 'unknown', 'pass', 'not-applicable', 'undecidable'];
  const weightClass = (one) => one.weight === 'fails' ? 'fail' : one.weight === 'told' || one.weight === 'not known' ? 'unknown' : one.weight === 'set aside' ? 'low' : one.outcome;
  const verdictClass = { pass: 'good', fail: 'fail', incomplete: 'high' };
  function verdict(of) {
    const table = new Rows('checks', 'Checks of ' + of.policy, ['Answer', 'Check', 'Severity', 'Source'], 48,
      (one) => [tag(one.weight, weightClass(one)), two(one.title, one.reason),
        two(one.severity, one.kind), two(one.source, one.references)],
      (one) => details(one.title, [['Check', one.id], ['Answer', one.outcome], ['For the gate', one.outcome === one.weight ? '' : one.weight],
        ['Kind', one.kind], ['Severity', one.severity], ['Why', one.reason], ['Rests on', one.evidence],
        ['How it was decided', one.how], ['How to mend it', one.mend], ['Section', one.source], ['References', one.references]]));
    const order = [...of.checks].sort((a, b) => weights.indexOf(a.weight) - weights.indexOf(b.weight) ||
      severities.indexOf(b.severity) - severities.indexOf(a.severity));
    for (const one of order) one.seek = (one.id + '\n' + one.title + '\n' + one.reason + '\n' + one.references + '\n' + one.weight + '\n' + one.evidence.join('\n')).toLowerCase();
    const search = element('input', { type: 'search', placeholder: 'Filter checks…', 'aria-label': 'Filter checks of ' + of.policy,
      oninput: (event) => { const text = event.target.value.toLowerCase(); table.set(order.filter((one) => one.seek.includes(text))); } });
    const line = element('p', { class: 'wrap' }, element('span', { class: 'tag ' + verdictClass[of.outcome] }, of.outcome), ' ' + of.line);
    const reasons = element('ul', { class: 'plain wrap' }, ...of.reasons.map((reason) => element('li', {}, reason)));
    printers.push(table);
    filled.push(() => table.set(order));
    return section('Policy ' + of.policy, line, of.reasons.length > 0 ? reasons : null,
      of.accepted ? element('p', { class: 'faint' }, 'Let pass though not everything was read: ' + of.accepted) : null,
      element('div', { class: 'tools' }, search), table.root);
  }

  // What tells images of one name apart: the target that they came from, and their digest.
  function whence(one) {
    const digest = one.digest.slice(one.digest.indexOf(':') + 1).slice(0, 12);
    return [one.target === one.name ? '' : one.target, digest].filter(Boolean).join(' · ');
  }

  function start() {
    const theme = document.getElementById('theme');
    theme.addEventListener('click', () => {
      const root = document.documentElement;
      const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
      root.dataset.theme = dark ? 'light' : 'dark';
    });
    if (report.targets.length > 1) {
      const images = document.getElementById('images');
      const gated = report.targets.some((one) => one.verdict);
      const rows = new Rows('images' + (gated ? ' gated' : ''), 'Images', [...(gated ? ['Verdict'] : []), 'Image', 'Platform', 'Secrets', 'Programs', 'Read'], 48,
        (one) => [...(gated ? [tag(one.verdict || '', verdictClass[one.verdict] || '')] : []), two(one.name, whence(one)), element('span', {}, one.platform), tag(grouped(one.findings.length), one.worst < 0 ? 'good' : severities[one.worst]),
          element('span', {}, grouped(one.programs.length)), tag(one.coverage.complete ? 'all' : counted(one.coverage.gaps, 'gap'), one.coverage.complete ? 'good' : 'high')],
        (one) => {
          const which = document.getElementById('which');
          which.textContent = one.name + (one.platform ? ' · ' + one.platform : '');
          show(one);
          which.scrollIntoView();
        });
      const verdicts = ['fail', 'incomplete', 'pass'];
      const order = [...report.targets].sort((a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict) || b.worst - a.worst || b.findings.length - a.findings.length);
      for (const one of order) one.seek = (one.name + '\n' + one.target + '\n' + one.digest + '\n' + one.platform).toLowerCase();
      const search = element('input', { type: 'search', placeholder: 'Filter images…', 'aria-label': 'Filter images',
        oninput: (event) => { const text = event.target.value.toLowerCase(); rows.set(order.filter((one) => one.seek.includes(text))); } });
      images.append(element('h2', {}, counted(order.length, 'image')), element('div', { class: 'tools' }, search), rows.root,
        element('h2', { id: 'which' }, order[0].name + (order[0].platform ? ' · ' + order[0].platform : '')));
      rows.set(order);
      show(order[0]);
      printers.unshift(rows);
    } else if (report.targets.length === 1) {
      show(report.targets[0]);
    }
    const most = 2000;
    addEventListener('beforeprint', () => { for (const rows of printers) rows.draw(most); });
    addEventListener('afterprint', () => { for (const rows of printers) rows.draw(); });
    addEventListener('resize', () => { for (const rows of printers) rows.draw(); });
  }
  start();
})();
