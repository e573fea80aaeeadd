//! The page of the inspector in a real browser.

use std::fs;

use countersign::{Secret, Verifier, schemes};
use rustix::process::Signal;

use crate::deliveries::{Delivery, jupiter};
use crate::inspecting::{Inspected, inspected, inspected_by};
use crate::processes::{self, Files, SECRET};
use crate::target::Target;
use crate::webdriver::{Browser, ENTER, ESCAPE, axe};

const ROWS: &str = "[...document.querySelectorAll('.row:not([hidden])')]";

async fn page(it: &Inspected, width: u32) -> Browser {
    let browser = Browser::start(width).await;
    browser.open(&it.url()).await;
    browser.until("document.getElementById('connection').textContent === 'live'").await;
    browser
}

#[tokio::test]
async fn a_broken_secret_is_diagnosed_and_fixed_and_an_edit_is_signed_and_accepted() {
    let mut target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks'\nscheme = 'stripe'\n\
         secrets = [{{ file = 'secret.txt' }}]\nforward = '{}'\n",
        target.url()
    ))
    .with("secret.txt", SECRET);
    let mut command = processes::command("--config");
    command.arg(files.path("serve.toml"));
    let mut it = inspected_by(command).await;
    let browser = page(&it, 1280).await;

    // The first visit: a sample, from the empty list.
    browser.run("document.querySelector('#list .primary').click()").await;
    browser.run("document.getElementById('send-sample').click()").await;
    target.call().await.answer(200);
    browser.until("document.querySelector('dialog .result').textContent.includes('200')").await;
    browser.press(&[ESCAPE]).await;
    browser.until(&format!("{ROWS}.length === 1")).await;

    // The secret is broken: deliveries of the provider are rejected, and the page says why.
    fs::write(files.path("secret.txt"), format!("{SECRET} ")).unwrap();
    it.serving.signal(Signal::HUP);
    while !it.serving.note().await.contains("reloaded the secrets") {}
    let body = r#"{"id":"evt_1","type":"invoice.paid"}"#;
    let delivery = Delivery::signed("/hooks", "stripe", SECRET, body);
    assert_eq!(delivery.send(it.serving.address()).await.status, 401);
    browser.until(&format!("{ROWS}.length === 2")).await;
    browser.run(&format!("{ROWS}.find((row) => row.textContent.includes('401')).click()")).await;
    let finding =
        "document.getElementById('diagnosis')?.textContent.includes('secret_trailing_whitespace')";
    browser.until(finding).await;

    // It is fixed. The delivery is edited, signed again, and verified by the application itself.
    fs::write(files.path("secret.txt"), SECRET).unwrap();
    it.serving.signal(Signal::HUP);
    while !it.serving.note().await.contains("reloaded the secrets") {}
    browser.press(&["e"]).await;
    browser.until("document.getElementById('edit-body')").await;
    browser
        .run("const area = document.getElementById('edit-body'); area.value = area.value.replace('paid', 'edited')")
        .await;
    browser.run("document.getElementById('sign-and-send').click()").await;
    let call = target.call().await;
    let verifier = Verifier::new(schemes::stripe(), Secret::new(SECRET).unwrap()).unwrap();
    let verified = verifier.verify(call.request.headers(), call.request.body().clone()).unwrap();
    assert_eq!(verified.event_type().unwrap().name, "invoice.edited");
    call.answer(200);
    browser.until("document.querySelector('dialog .result').textContent.includes('200')").await;
    browser.press(&[ESCAPE]).await;
    browser
        .until(&format!("{ROWS}.some((row) => row.textContent.includes('invoice.edited'))"))
        .await;
}

#[tokio::test]
async fn everything_is_reached_by_keyboard_and_nothing_is_inaccessible_at_any_width() {
    let it = inspected("").await;
    for id in 0..30 {
        jupiter(&format!("evt_{id}")).send(it.serving.address()).await;
    }
    jupiter("evt_x").forged().send(it.serving.address()).await;
    for width in [1280, 360] {
        let browser = page(&it, width).await;
        browser.until(&format!("{ROWS}.length > 5")).await;
        is_accessible(&browser, "list").await;
        browser.press(&["j"]).await;
        browser.until("document.querySelector('.finding .fix')").await;
        is_accessible(&browser, "rejected delivery").await;
        browser.press(&["j", "j", "k"]).await;
        browser.until("document.querySelector('.hero.good')").await;
        is_accessible(&browser, "delivery").await;
        let wide = "document.documentElement.scrollWidth > window.innerWidth \
                    || document.getElementById('detail').scrollWidth > document.getElementById('detail').clientWidth";
        assert_eq!(browser.run(&format!("return {wide}")).await, false, "{width}");
        browser.press(&["e"]).await;
        browser.until("document.activeElement.id === 'edit-body'").await;
        is_accessible(&browser, "editor").await;
        browser.press(&[ESCAPE]).await;
        browser.until("!document.querySelector('dialog')").await;
        browser.press(&["?"]).await;
        browser.until("document.querySelector('dialog .keys')").await;
        is_accessible(&browser, "help").await;
        browser.press(&[ESCAPE]).await;
        browser.until("!document.querySelector('dialog')").await;
        browser.press(&[ESCAPE]).await;
        browser.until("document.activeElement.id === 'box'").await;
        browser.press(&[ENTER]).await;
        browser.until("document.activeElement.id === 'detail'").await;
        browser.press(&[ESCAPE, "/"]).await;
        browser.until("document.activeElement.id === 'text'").await;
    }
}

/// A slow answer shows the delivery that was selected before.
#[tokio::test]
async fn a_key_acts_on_the_selected_delivery_while_it_is_loaded() {
    let it = inspected("").await;
    for id in 0..3 {
        jupiter(&format!("evt_{id}")).send(it.serving.address()).await;
    }
    let browser = page(&it, 1280).await;
    browser.until(&format!("{ROWS}.length === 3")).await;
    browser.press(&["j"]).await;
    browser.until("document.querySelector('.hero')").await;
    browser
        .run(
            "window.signed = []; window.waiting = []; const real = window.fetch;
             window.fetch = (url, options) => {
               if (options?.body) window.signed.push(JSON.parse(options.body).delivery);
               const answer = real(url, options);
               return options?.body ? answer : new Promise((go) => window.waiting.push(() => go(answer)));
             };",
        )
        .await;
    browser.press(&["j", "s", "j"]).await;
    browser.until("window.waiting.length === 2").await;
    assert_eq!(browser.run("return window.signed").await, serde_json::json!([]));
    // The first answer comes last.
    browser.run("window.waiting[1]()").await;
    browser.run("window.waiting[0]()").await;
    browser.until("window.signed.length === 1").await;
    let selected = "Number(document.querySelector('.row[aria-selected=true]').dataset.seq)";
    assert_eq!(browser.run(&format!("return window.signed[0] === {selected}")).await, true);
}

/// No rule of axe is broken.
async fn is_accessible(browser: &Browser, what: &str) {
    // A dialog that fades in has less contrast.
    browser.until("document.getAnimations().length === 0").await;
    // The policy of the page forbids scripts of others, but not those of the driver.
    let script = axe();
    browser.run(&format!("if (!window.axe) {{ {script}; window.axe = axe; }}")).await;
    browser
        .run("window.found = null; axe.run(document, { resultTypes: ['violations'] }).then((it) => { window.found = it.violations; }, (it) => { window.found = [String(it)]; })")
        .await;
    browser.until("window.found").await;
    let found = browser
        .run("return window.found.map((it) => it.id ? `${it.id}: ${it.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | ')}` : it)")
        .await;
    assert_eq!(found, serde_json::json!([]), "{what}");
}

#[tokio::test]
async fn an_attack_run_shows_its_report() {
    let it = inspected("").await;
    let browser = page(&it, 1280).await;
    browser.run("document.getElementById('attack').click()").await;
    browser.run("document.getElementById('run-attack').click()").await;
    browser
        .until("document.querySelector('.result').textContent.includes('answered correctly')")
        .await;
    assert_eq!(browser.run("return document.querySelectorAll('.report .failed').length").await, 0);
}

#[tokio::test]
async fn hostile_bodies_headers_and_ids_leave_nothing_but_text() {
    let it = inspected("").await;
    let markup = "<script>window.owned = 1</script><img src=x onerror='window.owned = 1'>";
    let hostile = [
        format!(r#"{{"event_id":"{markup}","type":"<svg onload=window.owned=1>"}}"#).into_bytes(),
        "{\"event_id\":\"\u{202e}evil\",\"type\":\"\u{1b}[31mred\u{7}\"}".to_owned().into_bytes(),
        b"{\"event_id\":\"\xff\xfe\",\"type\":\"\xc0\x80\"}".to_vec(),
        vec![b'['; 20_000],
        [b"{\"event_id\":\"big\",\"a\":\"".as_slice(), &vec![b'x'; 900_000], b"\"}"].concat(),
    ];
    for body in &hostile {
        let delivery = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body.clone());
        delivery.with_header("x-html", markup).send(it.serving.address()).await;
    }
    let browser = page(&it, 1280).await;
    browser.until(&format!("{ROWS}.length === {}", hostile.len())).await;
    for _ in &hostile {
        browser.run("document.querySelector('#detail').replaceChildren()").await;
        browser.press(&["j"]).await;
        browser.until("document.querySelector('.hero')").await;
        for tab in 0..3 {
            browser.run(&format!("document.querySelectorAll('[role=tab]')[{tab}]?.click()")).await;
        }
        let found = "document.querySelectorAll('body script, #detail img, #detail svg, iframe, [onload], [onerror]').length";
        assert_eq!(browser.run(&format!("return {found}")).await, 0);
        assert_eq!(browser.run("return window.owned === undefined").await, true);
        let hidden = r"/[\u202a-\u202e\u2066-\u2069\u001b\u0007]/.test(document.body.textContent)";
        assert_eq!(browser.run(&format!("return {hidden}")).await, false);
    }
}
