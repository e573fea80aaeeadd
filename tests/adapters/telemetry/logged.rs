//! Keeps the text of all spans and events of this project, at any level.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{DefaultGuard, set_default, set_global_default};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry};

/// Clones share the same log.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

/// The log of threads that have no subscriber of their own.
///
/// It must have a subscriber: while only one thread has ever had one, `tracing`
/// decides on the first thread that reaches a span whether any subscriber is
/// interested, and caches the result for all threads.
pub(crate) static ELSEWHERE: LazyLock<Logged> = LazyLock::new(|| {
    let log = Logged::default();
    set_global_default(log.subscriber()).unwrap();
    log
});

impl Logged {
    /// Logs the current thread while the guard lives.
    pub(crate) fn here(&self) -> DefaultGuard {
        LazyLock::force(&ELSEWHERE);
        set_default(self.subscriber())
    }

    pub(crate) fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        let layer = fmt::layer()
            .with_writer(self.clone())
            .with_ansi(false)
            .without_time()
            .with_span_events(FmtSpan::NEW | FmtSpan::CLOSE);
        let ours = Targets::new().with_target("countersign", LevelFilter::TRACE);
        Registry::default().with(layer.with_filter(ours))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The events: level, span with its fields, fields.
    pub(crate) fn events(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().map(str::trim_start);
        lines.filter(|line| !is_of_span(line)).map(str::to_owned).collect()
    }

    /// The spans, with the fields that they had when they closed.
    pub(crate) fn closed(&self) -> Vec<String> {
        let text = self.text();
        let lines = text.lines().map(str::trim_start);
        lines.filter(|line| line.ends_with(": close")).map(str::to_owned).collect()
    }
}

fn is_of_span(line: &str) -> bool {
    line.ends_with(": close") || line.ends_with(": new")
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
