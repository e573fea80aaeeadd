//! A browser in tests: chromium, driven by chromedriver over HTTP.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::processes::PATIENCE;

/// A running browser with one page. Both programs end on drop.
pub(crate) struct Browser {
    driver: Child,
    url: String,
    session: String,
}

impl Browser {
    /// A page of this width.
    pub(crate) async fn start(width: u32) -> Self {
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // The browser is a child of the driver: both end together.
        std::os::unix::process::CommandExt::process_group(&mut driver, 0);
        let mut driver = driver.spawn().expect("chromedriver: `cargo xtask test` installs it");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver says its port").unwrap();
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let url = format!("http://127.0.0.1:{port}");
        let mut browser = Self { driver, url, session: String::new() };
        let arguments = [
            "--headless=new",
            // The tests may run as root, in a container.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ];
        let options = json!({ "args": arguments });
        let wanted = json!({ "browserName": "chrome", "goog:chromeOptions": options });
        let session =
            browser.call("POST", "/session", json!({ "capabilities": { "alwaysMatch": wanted } }));
        browser.session = session.await["sessionId"].as_str().unwrap().to_owned();
        let size =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
        browser
    }

    pub(crate) async fn open(&self, url: &str) {
        self.session_call("/url", json!({ "url": url })).await;
    }

    /// The value of a function's body.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.session_call("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn until(&self, expression: &str) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        let expression = expression.to_owned();
        async move {
            let began = Instant::now();
            while self.run(&format!("return Boolean({expression})")).await != true {
                if began.elapsed() > PATIENCE {
                    let text = self.run("return document.body.innerText").await;
                    panic!("{caller}: never true: {expression}\n{text}");
                }
                sleep(Duration::from_millis(30)).await;
            }
        }
    }

    /// Presses keys, one after the other.
    pub(crate) async fn press(&self, keys: &[&str]) {
        for key in keys {
            let actions = [
                json!({ "type": "keyDown", "value": key }),
                json!({ "type": "keyUp", "value": key }),
            ];
            let source = json!({ "type": "key", "id": "keyboard", "actions": actions });
            self.session_call("/actions", json!({ "actions": [source] })).await;
        }
    }

    pub(crate) async fn devtools(&self, command: &str, parameters: Value) {
        let body = json!({ "cmd": command, "params": parameters });
        self.session_call("/goog/cdp/execute", body).await;
    }

    async fn session_call(&self, path: &str, body: Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), body).await
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = request.body(Full::new(Bytes::from(body.to_string()))).unwrap();
        let response = client.request(request).await.expect("chromedriver responds");
        let is_ok = response.status().is_success();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        assert!(is_ok, "{path}: {answer}");
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let group = rustix::process::Pid::from_child(&self.driver);
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = self.driver.wait();
    }
}

/// The script that checks accessibility.
pub(crate) fn axe() -> String {
    let mut script = String::new();
    let packed = &include_bytes!("axe/axe.min.js.gz")[..];
    flate2::read::GzDecoder::new(packed).read_to_string(&mut script).unwrap();
    script
}

pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
