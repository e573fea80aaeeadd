//! A metrics recorder for the thread of one test. It keeps everything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, LocalRecorderGuard, Metadata,
    Recorder, SharedString, Unit, set_default_local_recorder,
};

/// Clones share the same recorder.
#[derive(Clone, Default)]
pub(crate) struct Recorded(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    counts: BTreeMap<Key, u64>,
    values: BTreeMap<Key, Vec<f64>>,
    descriptions: BTreeMap<String, (Option<Unit>, String)>,
}

impl Recorded {
    /// Records the current thread while the guard lives.
    pub(crate) fn here(&self) -> LocalRecorderGuard<'_> {
        set_default_local_recorder(self)
    }

    /// The counters of Jupiter's endpoint `test`: name without the common
    /// prefix, own label, and count.
    pub(crate) fn counts(&self) -> Vec<String> {
        self.counts_of("jupiter", "test")
    }

    pub(crate) fn counts_of(&self, scheme: &str, endpoint: &str) -> Vec<String> {
        let kept = self.0.lock().unwrap();
        let counts = kept.counts.iter().map(|(key, count)| {
            let labels: Vec<_> = key.labels().map(|label| (label.key(), label.value())).collect();
            assert_eq!(labels[..2], [("scheme", scheme), ("endpoint", endpoint)], "{key}");
            let name = key.name().strip_prefix("countersign_").unwrap();
            let name = name.strip_suffix("_total").unwrap();
            let own = labels[2..].iter().map(|(_, value)| format!(" {value}"));
            format!("{name}{} {count}", own.collect::<String>())
        });
        counts.collect()
    }

    /// The measurements, sorted by name.
    pub(crate) fn measured(&self) -> Vec<String> {
        let kept = self.0.lock().unwrap();
        kept.values.iter().map(|(key, all)| format!("{} {}", key.name(), all.len())).collect()
    }

    pub(crate) fn values(&self, name: &str) -> Vec<f64> {
        let kept = self.0.lock().unwrap();
        let of_name = kept.values.iter().filter(|(key, _)| key.name() == name);
        of_name.flat_map(|(_, values)| values.clone()).collect()
    }

    pub(crate) fn keys(&self) -> Vec<Key> {
        let kept = self.0.lock().unwrap();
        kept.counts.keys().chain(kept.values.keys()).cloned().collect()
    }

    pub(crate) fn descriptions(&self) -> BTreeMap<String, (Option<Unit>, String)> {
        self.0.lock().unwrap().descriptions.clone()
    }

    fn describe(&self, name: &KeyName, unit: Option<Unit>, text: &SharedString) {
        let description = (unit, text.to_string());
        self.0.lock().unwrap().descriptions.insert(name.as_str().to_owned(), description);
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(&name, unit, &text);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(&name, unit, &text);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(&name, unit, &text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(Arc::new(Slot { key: key.clone(), of: self.clone() }))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(Arc::new(Slot { key: key.clone(), of: self.clone() }))
    }
}

struct Slot {
    key: Key,
    of: Recorded,
}

impl CounterFn for Slot {
    fn increment(&self, by: u64) {
        *self.of.0.lock().unwrap().counts.entry(self.key.clone()).or_default() += by;
    }

    fn absolute(&self, to: u64) {
        self.of.0.lock().unwrap().counts.insert(self.key.clone(), to);
    }
}

impl HistogramFn for Slot {
    fn record(&self, value: f64) {
        self.of.0.lock().unwrap().values.entry(self.key.clone()).or_default().push(value);
    }
}
