/* Lazo: what the page can do better with script. Every action works without it. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), all = s => [...document.querySelectorAll(s)];
  const memory = (() => { try { localStorage.lazo = 1; return localStorage; } catch { return {}; } })();

  // A choice in the menu takes effect at once; the button beside it is for those without script.
  all('form[data-send]').forEach(form => {
    all('form[data-send] > button').forEach(button => { button.hidden = true; });
    form.addEventListener('change', () => form.requestSubmit());
  });

  // Dialogs open from links; without script the link leads to a page of its own.
  all('[data-open]').forEach(link => link.addEventListener('click', event => {
    const dialog = document.getElementById(link.dataset.open);
    if (dialog && dialog.showModal) { event.preventDefault(); dialog.showModal(); }
  }));

  // What is wrong with a form is said first.
  const summary = $('#summary');
  if (summary) summary.focus();

  // The menu closes by Esc and by a press outside.
  const me = $('details.me');
  document.addEventListener('click', event => {
    if (me && me.open && !me.contains(event.target)) me.open = false;
  });

  // Single keys (WCAG 2.1.4: they can be switched off, and are silent while one types).
  const single = $('[data-keys]');
  if (single) {
    single.checked = memory.keys !== 'no';
    single.addEventListener('change', () => { memory.keys = single.checked ? 'yes' : 'no'; });
  }
  let before = '';
  document.addEventListener('keydown', event => {
    const at = event.target;
    const typing = at.matches('textarea,select,input:not([type=radio]):not([type=checkbox])');
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && at.form) {
      event.preventDefault();
      at.form.requestSubmit();
      return;
    }
    if (event.key === 'Escape') {
      if (me && me.open) { me.open = false; $('summary', me).focus(); }
      if (typing) at.blur();
      return;
    }
    const silent = typing || event.ctrlKey || event.metaKey || event.altKey;
    if (silent || memory.keys === 'no' || $('dialog[open]')) return;
    const key = before === 'g' ? 'g ' + event.key : event.key;
    before = event.key;
    if (key === '?') { $('[data-open=keys]').click(); return; }
    const to = all('[data-key]').find(one => one.dataset.key === key && one.offsetParent);
    if (!to) return;
    event.preventDefault();
    if (to.matches('a,button')) to.click();
    else if (to.matches('input[type=radio]')) { to.click(); to.focus(); } else to.focus();
  });

  // The time that a taken call is still ours; told aloud once, five minutes before the end.
  all('[data-left]').forEach(lease => {
    const end = Date.now() + lease.dataset.left * 60000, say = $('#aloud');
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 60000));
      $('b', lease).textContent = left + ' min';
      lease.classList.toggle('wait', left <= 5);
      if (left <= 5 && left > 0 && say && !say.textContent) say.textContent = lease.dataset.say;
      if (left) setTimeout(tick, 15000);
    };
    tick();
  });

  // What somebody types survives an expired session: kept on this device until it is sent.
  all('[data-keep]').forEach(field => {
    const name = 'kept:' + field.dataset.keep;
    if (!field.value && memory[name]) field.value = memory[name];
    field.addEventListener('input', () => { memory[name] = field.value; });
  });
  all('[data-kept]').forEach(done => { delete memory['kept:' + done.dataset.kept]; });

  // A form is sent once: a second press finds the button at rest.
  all('form[method=post]').forEach(form => form.addEventListener('submit', event => {
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = 'yes';
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  }));

  // Rules are checked while one types: the form goes to the server, its answer is the list.
  all('form[data-check]').forEach(form => {
    let wait;
    form.addEventListener('input', () => {
      clearTimeout(wait);
      wait = setTimeout(async () => {
        try {
          const body = new URLSearchParams(new FormData(form));
          const answer = await fetch(form.dataset.check, { method: 'POST', body });
          if (answer.ok) $('#findings').innerHTML = await answer.text();
        } catch { /* the button does the same */ }
      }, 400);
    });
  });
})();
