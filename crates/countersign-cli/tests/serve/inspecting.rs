//! The API of the inspector, and who may call it.

use std::process::Command;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::deliveries::{Answered, Delivery, jupiter, send};
use crate::processes::{self, Files, SECRET, Serving};
use crate::target::Target;

pub(crate) const TOKEN: &str = "a-token-for-these-tests";

/// A server with its inspector.
pub(crate) struct Inspected {
    pub(crate) serving: Serving,
    /// The address of the inspector.
    pub(crate) at: String,
}

pub(crate) async fn inspected(words: &str) -> Inspected {
    inspected_by(processes::command(&format!(
        "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET {words}"
    )))
    .await
}

pub(crate) async fn inspected_by(mut command: Command) -> Inspected {
    command.args(["--inspect", "127.0.0.1:0"]).env("COUNTERSIGN_INSPECT_TOKEN", TOKEN);
    let (serving, banner) = Serving::start_with_banner(command).await;
    let url = banner.iter().find_map(|line| line.strip_prefix("inspect at http://"));
    let at = url.expect("the banner has the URL").split('/').next().unwrap().to_owned();
    Inspected { serving, at }
}

impl Inspected {
    pub(crate) fn url(&self) -> String {
        format!("http://{}/?token={TOKEN}", self.at)
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answered = self.call(Method::GET, path, &[], "").await;
        assert_eq!(answered.status, 200, "{path}: {answered:?}");
        serde_json::from_slice(&answered.body).unwrap()
    }

    pub(crate) async fn post(&self, path: &str, order: &Value) -> Answered {
        self.call(Method::POST, path, &[], &order.to_string()).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let bearer = format!("Bearer {TOKEN}");
        let mut headers = headers.to_vec();
        headers.push(("authorization", &bearer));
        self.raw(method, path, &headers, body).await
    }

    async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answered {
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.at));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await
    }

    /// The last delivery, once there are this many.
    async fn last(&self, count: usize) -> Value {
        let path = format!("/api/deliveries?after={}&wait=20", count - 1);
        let list = self.get(&path).await;
        let seq = list["deliveries"].as_array().unwrap().last().expect("a delivery")["seq"].clone();
        self.get(&format!("/api/deliveries/{seq}")).await
    }
}

#[tokio::test]
async fn deliveries_and_their_verdicts_are_listed() {
    let it = inspected("").await;
    let address = it.serving.address();
    jupiter("evt_1").send(address).await;
    jupiter("evt_1").send(address).await;
    jupiter("evt_2").forged().send(address).await;
    it.last(3).await;
    let list = it.get("/api/deliveries").await;
    let rows = list["deliveries"].as_array().unwrap();
    let codes: Vec<_> =
        rows.iter().map(|row| (&row["code"], &row["status"], &row["verified"])).collect();
    let [handled, duplicate, rejected] = &codes[..] else { panic!("{codes:?}") };
    assert_eq!(*handled, (&json!("handled"), &json!(200), &json!(true)));
    assert_eq!(*duplicate, (&json!("duplicate"), &json!(200), &json!(true)));
    assert_eq!(*rejected, (&json!("signature_mismatch"), &json!(401), &json!(false)));
    for (query, count) in [("type=swap.completed", 2), ("verdict=rejected", 1), ("id=evt_9", 0)] {
        let found = it.get(&format!("/api/deliveries?{query}")).await;
        assert_eq!(found["deliveries"].as_array().unwrap().len(), count, "{query}");
    }
    let detail = it.get("/api/deliveries/1").await;
    assert_eq!(detail["same_event"].as_array().unwrap().len(), 1);
    let roles: Vec<_> = detail["request"]["headers"].as_array().unwrap().iter().collect();
    let role =
        |name: &str| roles.iter().find(|header| header["name"] == name).unwrap()["role"].clone();
    assert_eq!(
        (role("x-jup-signature"), role("content-type")),
        ("signature".into(), "unsigned".into())
    );
    let states: Vec<_> =
        detail["steps"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    // The scheme signs no timestamp.
    let count = |wanted: &str| states.iter().filter(|state| ***state == wanted).count();
    assert_eq!((count("skipped"), count("passed")), (1, states.len() - 1), "{states:?}");
    let diagnosis = it.get("/api/deliveries/3/diagnosis").await;
    assert_eq!(diagnosis["code"], "signature_mismatch");
    assert!(!diagnosis["causes"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn rebinding_csrf_and_a_missing_token_are_answered_403() {
    let it = inspected("").await;
    let bearer = format!("Bearer {TOKEN}");
    let order = json!({ "endpoint": "/hooks/jupiter", "target": "endpoint", "mode": "sample" });
    for path in ["/", "/app.js", "/api/deliveries", "/api/events", "/api/session", "/none"] {
        assert_eq!(it.raw(Method::GET, path, &[], "").await.status, 403, "{path}");
        let rebound = [("host", "attacker.example"), ("authorization", &bearer)];
        assert_eq!(it.raw(Method::GET, path, &rebound, "").await.status, 403, "{path}");
    }
    let wrong = it.raw(Method::GET, "/?token=wrong", &[], "").await;
    assert_eq!((wrong.status, wrong.headers.get("set-cookie")), (403, None));

    let entered = it.raw(Method::GET, &format!("/?token={TOKEN}"), &[], "").await;
    assert_eq!(entered.status, 303);
    // A name that no other server knows: cookies do not distinguish ports.
    let folder = entered.headers["location"].to_str().unwrap();
    assert!(folder.len() > 16 && folder.starts_with('/') && folder.ends_with('/'), "{folder}");
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    let (cookie, scope) = cookie.split_once("; ").unwrap();
    assert_eq!(scope, format!("HttpOnly; SameSite=Strict; Path={folder}"));
    assert!(!cookie.contains(TOKEN), "{cookie}");
    let cookie = ("cookie", cookie);
    for path in ["/", "/api/session", "/app.js"] {
        assert_eq!(it.raw(Method::GET, path, &[cookie], "").await.status, 403, "{path}");
    }
    let session = it.raw(Method::GET, &format!("{folder}api/session"), &[cookie], "").await;
    let session: Value = serde_json::from_slice(&session.body).unwrap();
    let csrf = ("x-countersign-token", session["token"].as_str().unwrap());
    let own = format!("http://{}", it.at);
    let (own, other) = (("origin", own.as_str()), ("origin", "http://attacker.example"));
    let (order, send) = (order.to_string(), format!("{folder}api/send"));
    for headers in
        [&[cookie][..], &[cookie, own], &[cookie, csrf], &[cookie, csrf, other], &[csrf, own]]
    {
        let answered = it.raw(Method::POST, &send, headers, &order).await;
        assert_eq!(answered.status, 403, "{headers:?}");
    }
    let answered = it.raw(Method::POST, &send, &[cookie, csrf, own], &order).await;
    assert_eq!(answered.status, 200, "{answered:?}");

    let page = it.raw(Method::GET, folder, &[cookie], "").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    for part in
        ["default-src 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
}

#[tokio::test]
async fn an_edited_delivery_is_signed_again_and_only_for_configured_targets() {
    let mut target = Target::start().await;
    let it = inspected(&format!("--forward {}", target.url())).await;
    let address = it.serving.address();
    let sending = tokio::spawn(async move { jupiter("evt_1").send(address).await });
    target.call().await.answer(200);
    sending.await.unwrap();
    let first = it.last(1).await;
    let body = r#"{"event_id":"evt_edited","type":"swap.failed"}"#;
    let mut order = json!({
        "endpoint": "/hooks/jupiter", "target": "endpoint", "mode": "sign", "delivery": first["seq"],
        "body": body, "headers": [["x-mine", "1"]],
    });
    let (sent, call) = tokio::join!(it.post("/api/send", &order), async {
        let call = target.call().await;
        let request =
            (call.request.headers()["countersign-event-id"].clone(), call.request.body().clone());
        call.answer(200);
        request
    });
    assert_eq!(sent.status, 200, "{sent:?}");
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    assert_eq!(sent["status"], 200, "{sent}");
    assert_eq!(call, ("evt_edited".parse().unwrap(), Bytes::from(body)));
    assert_eq!(it.last(2).await["event_type"], "swap.failed");
    for wrong in ["http://attacker.example", "other", ""] {
        order["target"] = wrong.into();
        assert_eq!(it.post("/api/send", &order).await.status, 404, "{wrong}");
    }

    let replay = json!({ "endpoint": "/hooks/jupiter", "target": "endpoint", "mode": "replay", "delivery": 1 });
    assert_eq!(it.post("/api/send", &replay).await.status, 200);
    let replayed = it.last(3).await;
    assert_eq!(replayed["code"], "duplicate");
    assert_eq!(replayed["request"]["body_base64"], first["request"]["body_base64"]);
}

#[tokio::test]
async fn secrets_and_credentials_never_reach_the_page() {
    let it = inspected("").await;
    let address = it.serving.address();
    let with_secret = format!(r#"{{"event_id":"e","type":"t","note":"{SECRET}"}}"#);
    Delivery::signed("/hooks/jupiter", "jupiter", SECRET, with_secret).send(address).await;
    jupiter("evt_1").with_header("authorization", "Bearer hunter2hunter2").send(address).await;
    jupiter("evt_2").with_header("x-odd", &format!("a {SECRET} b")).forged().send(address).await;
    it.last(3).await;
    let mut all = String::new();
    let mut paths = vec!["/api/deliveries".to_owned(), "/api/session".to_owned()];
    for seq in 1..=3 {
        let forms =
            ["", "/body", "/diagnosis", "/copy/curl", "/copy/send", "/copy/vector", "/copy/rust"];
        paths.extend(forms.map(|form| format!("/api/deliveries/{seq}{form}")));
    }
    for path in &paths {
        let answered = it.call(Method::GET, path, &[], "").await;
        all += &String::from_utf8_lossy(&answered.body);
    }
    assert!(!all.contains(SECRET) && !all.contains("hunter2"), "{all}");
    let hidden = it.get("/api/deliveries/1").await;
    assert_eq!(hidden["request"]["body_state"], "redacted");
    let redacted = it.get("/api/deliveries/2").await;
    assert_eq!(redacted["request"]["redacted"], json!(["header:authorization"]));
}

#[tokio::test]
async fn attacks_run_against_a_configured_target_and_report_each_result() {
    let it = inspected("").await;
    let order = json!({ "endpoint": "/hooks/jupiter", "target": "endpoint", "kind": "all" });
    let answered = it.post("/api/attack", &order).await;
    let text = String::from_utf8(answered.body.to_vec()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let done = &lines.last().unwrap()["done"];
    assert_eq!(done["failed"], 0, "{text}");
    assert!(done["passed"].as_u64().unwrap() > 10, "{text}");
    assert_eq!(lines[0]["total"], done["passed"]);
}

#[tokio::test]
async fn wait_prints_the_delivery_and_its_exit_status_says_whether_it_came() {
    let it = inspected("").await;
    let wait = |filter: &'static str, timeout: &'static str| {
        let at = it.at.clone();
        tokio::task::spawn_blocking(move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
            command.args(["inspect", "--wait", filter, "--timeout", timeout, "--inspect", &at]);
            command.output().unwrap()
        })
    };
    // The token is in a file of this user.
    let waiting = wait("type=swap.completed,id=evt_7", "20s");
    jupiter("evt_6").send(it.serving.address()).await;
    jupiter("evt_7").send(it.serving.address()).await;
    let found = waiting.await.unwrap();
    assert_eq!(found.status.code(), Some(0), "{found:?}");
    let delivery: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!((&delivery["event_id"], &delivery["verified"]), (&json!("evt_7"), &json!(true)));
    assert_eq!(wait("type=none", "100ms").await.unwrap().status.code(), Some(1));
    assert_eq!(wait("typ=none", "100ms").await.unwrap().status.code(), Some(2));
}

#[tokio::test]
async fn captures_on_disk_are_shown_and_sent_to_the_target_only() {
    let files = Files::new("");
    let folder = files.path("captures");
    let mut command = processes::command(
        "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET --capture",
    );
    command.arg(&folder);
    let serving = Serving::start(command).await;
    jupiter("evt_1").send(serving.address()).await;
    serving.signal(rustix::process::Signal::TERM);
    serving.ended().await;

    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("inspect").arg(&folder).args(["--inspect", "127.0.0.1:0"]);
    command.env("COUNTERSIGN_INSPECT_TOKEN", TOKEN).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    let at = line.trim().strip_prefix("inspect at http://").expect(&line);
    let bearer = format!("Bearer {TOKEN}");
    let list = Request::get(format!("http://{}/api/deliveries", at.split('/').next().unwrap()));
    let list = list.header("authorization", bearer).body(Full::default()).unwrap();
    let answered = send(list).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let list: Value = serde_json::from_slice(&answered.body).unwrap();
    let row = &list["deliveries"][0];
    assert_eq!((&row["event_id"], &row["event_type"]), (&json!("evt_1"), &json!("swap.completed")));
}
