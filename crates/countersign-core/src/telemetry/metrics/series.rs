//! The series of one endpoint: its metrics with their labels.

use std::sync::OnceLock;

use ::metrics::{Key, Label};

use super::list::{self, Metric};
use crate::telemetry::labels::Labels;

/// The keys of an endpoint's series, each built when it is first used. Later uses allocate
/// nothing and take no lock.
///
/// Not the recorder's handles: it may be installed later, and in tests each thread has its own.
pub(crate) struct Series([OnceLock<Box<Entry>>; PLACES]);

struct Entry {
    metric: &'static str,
    /// The value of the metric's own label, or empty.
    own: Box<str>,
    key: Key,
}

impl Series {
    pub(crate) fn new() -> Self {
        Self([const { OnceLock::new() }; PLACES])
    }

    /// Calls `use_key` with the key of a metric, whose own label has the value `own`.
    pub(super) fn with_key(
        &self,
        labels: &Labels,
        metric: &Metric,
        own: &str,
        use_key: impl FnOnce(&Key),
    ) {
        let is_it = |entry: &Entry| entry.metric == metric.name && *entry.own == *own;
        for place in (0..PLACES).map(|step| (first_place(metric, own) + step) % PLACES) {
            // Another thread may fill the place at the same time, with this series or another.
            let entry = self.0[place].get_or_init(|| {
                let key = key(labels, metric, own);
                Box::new(Entry { metric: metric.name, own: own.into(), key })
            });
            if is_it(entry) {
                return use_key(&entry.key);
            }
        }
        // All places are taken, by more secrets than an endpoint usually has.
        use_key(&key(labels, metric, own));
    }
}

fn key(Labels { scheme, endpoint, .. }: &Labels, metric: &Metric, own: &str) -> Key {
    let mut all = Vec::with_capacity(metric.labels.len());
    all.push(Label::new(list::SCHEME, scheme.clone()));
    all.push(Label::new(list::ENDPOINT, endpoint.clone()));
    if let Some(name) = metric.labels.get(all.len()) {
        all.push(Label::new(*name, own.to_owned()));
    }
    Key::from_parts(metric.name, all)
}

/// Different for most series, and cheap.
fn first_place(metric: &Metric, own: &str) -> usize {
    let bytes = metric.name.as_bytes();
    let middle = bytes.get(bytes.len() / 2).copied().unwrap_or_default();
    let last = own.as_bytes().last().copied().unwrap_or_default();
    bytes.len() * 7 + usize::from(middle) * 3 + own.len() * 5 + usize::from(last)
}

/// More than the series of an endpoint with a few secrets. A place takes 16 bytes.
const PLACES: usize = 128;

#[cfg(test)]
mod tests {
    use super::super::METRICS;
    use super::*;

    fn texts(series: &Series, own: &str) -> Vec<String> {
        let labels = Labels::new("stripe", "/hooks");
        let mut texts = Vec::new();
        for metric in METRICS {
            series.with_key(&labels, metric, own, |key| texts.push(key.to_string()));
        }
        texts
    }

    #[test]
    fn a_series_keeps_its_key_also_when_all_places_are_taken() {
        let series = Series::new();
        for number in 0..PLACES {
            let own = number.to_string();
            let fresh = texts(&Series::new(), &own);
            assert_eq!(texts(&series, &own), fresh);
            assert_eq!(texts(&series, &own), fresh);
        }
        assert!(series.0.iter().all(|place| place.get().is_some()));
    }
}
